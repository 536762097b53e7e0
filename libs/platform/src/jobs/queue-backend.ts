import { Pool, type PoolConfig } from 'pg';
import { Queue, Worker, createPostgresBackend, withBackend, type Processor, type WorkerOptions } from 'bullmq';
import { Connection, defaultStatementTimeoutMs } from '../postgres/connection.js';
import { queueSchema } from '../postgres/migrate.js';

/** Where the queues lie: Redis in production, Postgres when there is none (BullMQ's own backend). */
export type QueueBackendSettings = { redisUrl: string; prefix?: string } | { databaseUrl: string };

/** Makes BullMQ queues and workers that lie where the settings say. */
export interface QueueBackend {
  queue(name: string): Queue;
  worker(name: string, processor: Processor, options: Partial<WorkerOptions>): Worker;
}

export function queueBackend(settings: QueueBackendSettings): QueueBackend {
  return 'redisUrl' in settings ? onRedis(settings.redisUrl, settings.prefix ?? 'regatta') : onPostgres(settings.databaseUrl);
}

function onRedis(url: string, prefix: string): QueueBackend {
  return {
    queue: (name) => new Queue(name, { connection: { url, maxRetriesPerRequest: 1 }, prefix }),
    worker: (name, processor, options) =>
      new Worker(name, processor, { ...options, connection: { url, maxRetriesPerRequest: null }, prefix }),
  };
}

function onPostgres(url: string): QueueBackend {
  const { Queue: PgQueue, Worker: PgWorker } = withBackend(withPoolOfOurs);
  // One of them listens. `options` names the schema, as BullMQ does for pools that it makes itself.
  const connection = {
    connectionString: url,
    max: 4,
    statement_timeout: defaultStatementTimeoutMs,
    application_name: 'regatta-queue',
    options: `-c search_path=${queueSchema}`,
  };
  return {
    queue: (name) => new PgQueue(name, { connection }) as unknown as Queue,
    worker: (name, processor, options) => new PgWorker(name, processor, { ...(options as object), connection }) as unknown as Worker,
  };
}

/**
 * BullMQ's own backend on a pool of our connections. On those that BullMQ opens itself it begins to listen for their loss too late:
 * one that is lost meanwhile ends the process.
 */
const withPoolOfOurs: typeof createPostgresBackend = (name, options, more) => {
  const pool = new Pool({ ...(options.connection as PoolConfig), Client: Connection });
  const backend = createPostgresBackend(name, { ...options, connection: pool }, more);
  const close = backend.close.bind(backend);
  backend.close = async (force) => {
    await close(force);
    if (!pool.ending) await pool.end();
  };
  return backend;
};
