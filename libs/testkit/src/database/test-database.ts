import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { templateDatabase } from './names.js';
import { wholeSchema } from './schema.js';

/** A database of one spec file's own, with the whole schema in it. */
export interface TestDatabase {
  url: string;
  /** Connected. */
  dataSource: DataSource;
  drop(): Promise<void>;
}

/** Makes a migrated database; drop it in `afterAll`. */
export async function testDatabase(): Promise<TestDatabase> {
  const url = await emptyDatabase(templateDatabase);
  const dataSource = await wholeSchema(url).initialize();
  return {
    url,
    dataSource,
    async drop() {
      if (dataSource.isInitialized) await dataSource.destroy();
      await dropDatabase(url);
    },
  };
}

/** Makes a database, empty unless a template is named; its URL. */
export async function emptyDatabase(template = 'template0'): Promise<string> {
  const name = `spec_${randomBytes(6).toString('hex')}`;
  await asAdmin((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${client.escapeIdentifier(template)} STRATEGY file_copy`));
  return Object.assign(new URL(inject('postgresUrl')), { pathname: `/${name}` }).toString();
}

/** Drops it whoever is still connected. */
export async function dropDatabase(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`));
}

async function asAdmin(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
