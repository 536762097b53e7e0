import type { Queue } from 'bullmq';
import type { DataSource } from 'typeorm';
import type { Logger } from '../log/log.js';
import type { Broadcast } from '../postgres/broadcast.js';
import { type AnyJob } from './define-job.js';
import { outboxChannel } from './outbox.js';
import type { QueueBackend } from './queue-backend.js';

interface OutboxRow {
  id: string;
  queue: string;
  job: string;
  key: string;
  payload: unknown;
  correlation_id: string | null;
}

const batchSize = 100;
/** Sweep for rows whose notification was missed or whose time has come. */
const sweepMs = 1_000;

/**
 * Hands outbox rows to the queue: woken by notification, and by a sweep. A row is deleted in the transaction that locked it,
 * after the queue has taken it: a crash between the two hands it over twice, never not at all.
 */
export class OutboxRelay {
  readonly #queues = new Map<string, Queue>();
  readonly #definitions: ReadonlyMap<string, AnyJob>;
  #running: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;
  #unsubscribe: (() => void) | null = null;
  #closed = false;

  constructor(
    private readonly parts: { dataSource: DataSource; broadcast: Broadcast; backend: QueueBackend; logger: Logger },
    definitions: readonly AnyJob[],
  ) {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
  }

  async start(): Promise<void> {
    this.#unsubscribe = await this.parts.broadcast.subscribe(outboxChannel, () => this.wake());
    this.#timer = setInterval(() => this.wake(), sweepMs);
    this.wake();
  }

  /** Relays soon; calls while it is under way become one more round. */
  wake(): void {
    if (this.#closed) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#drain().finally(() => {
      this.#running = null;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#unsubscribe?.();
    await this.#running;
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
  }

  async #drain(): Promise<void> {
    try {
      while ((await this.#relayBatch()) === batchSize && !this.#closed);
    } catch (error) {
      this.parts.logger.warn({ err: error }, 'could not hand jobs to the queue; they stay in the outbox and are tried again');
    }
  }

  #relayBatch(): Promise<number> {
    const names = [...this.#definitions.keys()];
    return this.parts.dataSource.transaction(async (manager) => {
      const rows = await manager.query<OutboxRow[]>(
        `SELECT id, queue, job, key, payload, correlation_id FROM platform.outbox
          WHERE available_at <= now() AND job = ANY($1) ORDER BY available_at, id LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`,
        [names],
      );
      if (rows.length === 0) return 0;
      await Promise.all(newestOfEach(rows).map((row) => this.#enqueue(row)));
      await manager.query('DELETE FROM platform.outbox WHERE id = ANY($1)', [rows.map((row) => row.id)]);
      return rows.length;
    });
  }

  async #enqueue(row: OutboxRow): Promise<void> {
    const { attempts, backoffSeconds } = this.#definitions.get(row.job)!;
    await this.#queue(row.queue).add(
      row.job,
      { payload: row.payload, correlationId: row.correlation_id },
      {
        attempts,
        backoff: { type: 'exponential', delay: backoffSeconds * 1_000 },
        deduplication: { id: `${row.job}/${row.key}`, keepLastIfActive: true },
        removeOnComplete: { count: 100 },
        removeOnFail: { age: 7 * 24 * 3600, count: 1_000 },
      },
    );
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = this.parts.backend.queue(name);
      queue.on('error', (error) => this.parts.logger.warn({ err: error, queue: name }, 'queue connection'));
      this.#queues.set(name, queue);
    }
    return queue;
  }
}

/** Rows that are the same work become one, the newest: handed over side by side, an older one could arrive last. */
function newestOfEach(rows: readonly OutboxRow[]): OutboxRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify([row.queue, row.job, row.key]), row])).values()];
}
