import { correlation } from '../log/log.js';
import type { SqlRunner } from '../postgres/broadcast.js';
import { type JobDefinition, queueName } from './define-job.js';

export interface OutboxOptions {
  /** The region whose workers do it; absent: any worker. */
  region?: string;
  /** Not before so many seconds from now. */
  delaySeconds?: number;
}

/** Woken by every insert; what is sent is the queue's name. */
export const outboxChannel = 'regatta_outbox';

const insertSql = `
  WITH added AS (
    INSERT INTO platform.outbox (queue, job, key, payload, correlation_id, available_at)
    VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) RETURNING queue)
  SELECT pg_notify('${outboxChannel}', queue) FROM added`;

/**
 * One insert into the outbox as SQL text and values, for transactions that are not TypeORM's.
 * @throws ZodError when the payload is not of the job's shape.
 */
export function outboxInsert<P>(job: JobDefinition<P>, payload: P, options: OutboxOptions = {}): { text: string; values: unknown[] } {
  const body = job.payload.parse(payload);
  return {
    text: insertSql,
    values: [
      queueName(job, options.region),
      job.name,
      job.key(body).join('/'),
      JSON.stringify(body),
      correlation.getStore()?.correlationId ?? null,
      options.delaySeconds ?? 0,
    ],
  };
}

/** Writes what must follow a change in the transaction of the change. */
export class Outbox {
  /** @param runner the entity manager of the transaction that makes the change. */
  async add<P>(runner: SqlRunner, job: JobDefinition<P>, payload: P, options: OutboxOptions = {}): Promise<void> {
    const { text, values } = outboxInsert(job, payload, options);
    await runner.query(text, values);
  }
}
