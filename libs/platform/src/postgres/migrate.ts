import { runMigrations } from 'bullmq';
import type { DataSource } from 'typeorm';
import { Connection } from './connection.js';

/** Any 64-bit number of our own; every process that migrates takes this lock first. */
const migrationLock = '7308604757236871777';

/** The schema that holds BullMQ's tables when the queue lies in Postgres. */
export const queueSchema = 'bullmq';

/**
 * Brings the database to the newest schema: ours, and BullMQ's (also where Redis holds the queues: it costs nothing and the
 * backend can be changed later). Safe to call from any number of processes at once; the others wait and then find nothing to do.
 * @returns the names of the migrations this call ran.
 */
export async function migrate(dataSource: DataSource, url: string): Promise<string[]> {
  const client = new Connection({ connectionString: url, application_name: 'regatta-migrate' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await client.query('CREATE SCHEMA IF NOT EXISTS platform');
    const ran = await dataSource.runMigrations();
    await runMigrations(client, queueSchema);
    return ran.map((migration) => migration.name);
  } finally {
    await client.end(); // Ends the session, and with it the lock.
  }
}
