import 'reflect-metadata';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { EmbeddedPostgres, migrate } from '#lib/platform';
import { endsWithUs } from '../programs/ends-with-us.js';
import { runFolder } from '../programs/run-folder.js';
import { wholeSchema } from './schema.js';
import { templateDatabase } from './names.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the cluster's `postgres` database, as superuser. */
    postgresUrl: string;
  }
}

/** Starts one Postgres for the whole run, fast and forgetful, with a migrated database to copy from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(runFolder(), 'regatta-spec-'));
  await chmod(folder, 0o755); // As root, Postgres runs as somebody else who must get in.
  const directory = join(folder, 'postgres');
  endsWithUs(join(directory, 'data/postmaster.pid'), folder, 'QUIT');
  const postgres = await EmbeddedPostgres.start({
    directory,
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '400', shared_buffers: '256MB' },
  });
  const url = await postgres.ensureDatabase(templateDatabase);
  const dataSource = await wholeSchema(url).initialize();
  await migrate(dataSource, url);
  await dataSource.destroy();
  project.provide('postgresUrl', postgres.url('postgres'));
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
