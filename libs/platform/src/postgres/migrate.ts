import { setTimeout as sleep } from 'node:timers/promises';
import { runMigrations } from 'bullmq';
import type { DataSource, Migration } from 'typeorm';
import { Connection } from './connection.js';
import { patiently } from './data-source.js';

/**
 * Any 64-bit number of our own; every process that migrates takes this lock first. Not 7308604757236871777, for which processes of
 * an earlier version wait inside of a statement: they have nothing to migrate when this version does.
 */
const migrationLock = '7308604757236871778';

/** The schema that holds BullMQ's tables when the queue lies in Postgres. */
export const queueSchema = 'bullmq';

const lockPollMs = 100;

/**
 * Asks for the lock and does not wait in Postgres for it: a statement that waits holds a snapshot, and an index that the holder of the
 * lock builds concurrently would wait for that.
 */
async function takesLock(client: Connection): Promise<boolean> {
  const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS taken', [migrationLock]);
  return (rows as { taken: boolean }[])[0]?.taken ?? false;
}

/**
 * Brings the database to the newest schema: ours, and BullMQ's (also where Redis holds the queues: it costs nothing and the
 * backend can be changed later). Safe to call from any number of processes at once; the others wait and then find nothing to do.
 * @returns the names of the migrations this call ran.
 */
export async function migrate(dataSource: DataSource, url: string): Promise<string[]> {
  const client = new Connection({ connectionString: url, application_name: 'regatta-migrate' });
  await client.connect();
  try {
    while (!(await takesLock(client))) await sleep(lockPollMs);
    await client.query('CREATE SCHEMA IF NOT EXISTS platform');
    const ran = await runOurs(patiently(dataSource));
    await runMigrations(client, queueSchema);
    return ran.map((migration) => migration.name);
  } finally {
    await client.end(); // Ends the session, and with it the lock.
  }
}

async function runOurs(dataSource: DataSource): Promise<Migration[]> {
  await dataSource.initialize();
  try {
    return await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await dataSource.destroy();
  }
}
