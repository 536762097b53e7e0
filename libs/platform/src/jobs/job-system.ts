import { randomUUID } from 'node:crypto';
import { type Job, UnrecoverableError, type Worker } from 'bullmq';
import type { DataSource } from 'typeorm';
import { correlation, type Logger } from '../log/log.js';
import { jobMetrics } from '../metrics/metrics.js';
import type { Broadcast } from '../postgres/broadcast.js';
import { sayInLog, whenDatabaseAnswers, type WaitSettings } from '../postgres/wait.js';
import { type AnyJob, type AnyJobHandler, queueName } from './define-job.js';
import { type QueueBackend, type QueueBackendSettings, queueBackend } from './queue-backend.js';
import { OutboxRelay } from './relay.js';

export interface JobSystemSettings {
  dataSource: DataSource;
  broadcast: Broadcast;
  backend: QueueBackendSettings;
  logger: Logger;
  /** The region this process works for: it takes jobs of any region's queue and of this one's. */
  region: string;
  /** Jobs of one queue that run at once; 8 unless told. */
  concurrency?: number;
  /** A job whose worker died is given to another after so many milliseconds; 15,000 unless told. */
  lockMs?: number;
}

/** Work that comes back on a schedule: the same for every process, done by one of them at a time. */
export interface Schedule {
  job: AnyJob;
  payload: unknown;
  everySeconds: number;
}

/** Runs the jobs of this process: relays the outbox, works the queues, keeps schedules. */
export class JobSystem {
  readonly #handlers = new Map<string, AnyJobHandler>();
  readonly #workers: Worker[] = [];
  readonly #backend: QueueBackend;
  readonly #relay: OutboxRelay;
  readonly #stop = new AbortController();
  readonly #patience: WaitSettings;

  /** @throws Error when a job has two handlers. */
  constructor(
    private readonly settings: JobSystemSettings,
    handlers: readonly AnyJobHandler[],
    private readonly schedules: readonly Schedule[] = [],
  ) {
    for (const handler of handlers) {
      if (this.#handlers.has(handler.job.name)) throw new Error(`Two handlers for the job ${handler.job.name}.`);
      this.#handlers.set(handler.job.name, handler);
    }
    for (const { job } of schedules) if (!this.#handlers.has(job.name)) throw new Error(`No handler for the scheduled job ${job.name}.`);
    this.#patience = { say: sayInLog(settings.logger) };
    this.#backend = queueBackend(settings.backend);
    this.#relay = new OutboxRelay(
      { ...settings, backend: this.#backend },
      handlers.map((handler) => handler.job),
    );
  }

  async start(): Promise<void> {
    const bases = new Set([...this.#handlers.values()].map((handler) => handler.job.queue));
    for (const queue of bases) {
      await this.#work(queueName({ queue }));
      await this.#work(queueName({ queue }, this.settings.region));
    }
    await whenDatabaseAnswers(() => this.#keepSchedules(), this.#patience);
    await this.#relay.start();
  }

  /** Relays now what waits in the outbox. */
  wake(): void {
    this.#relay.wake();
  }

  /** Takes no more jobs, tells the running ones to stop at a safe point, waits for them. */
  async close(): Promise<void> {
    await this.#relay.close();
    this.#stop.abort(new Error('The worker is shutting down.'));
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** A BullMQ worker that could not connect at first never does: another one takes its place. */
  #work(name: string): Promise<void> {
    return whenDatabaseAnswers(async () => {
      const worker = this.#newWorker(name);
      try {
        await worker.waitUntilReady();
        this.#workers.push(worker);
      } catch (error) {
        await worker.close(true).catch(() => {});
        throw error;
      }
    }, this.#patience);
  }

  #newWorker(name: string): Worker {
    const { logger, lockMs = 15_000, concurrency = 8 } = this.settings;
    const worker = this.#backend.worker(name, (job) => this.#run(job), {
      concurrency,
      lockDuration: lockMs,
      stalledInterval: Math.max(1_000, Math.floor(lockMs / 3)),
      maxStalledCount: 1_000, // A worker that died is not the job's fault.
      drainDelay: 5,
    });
    worker.on('error', (error) => logger.warn({ err: error, queue: name }, 'worker connection'));
    worker.on('failed', (job, error) => void (job && this.#failed(job, error)));
    return worker;
  }

  async #run(job: Job): Promise<void> {
    const handler = this.#handlers.get(job.name);
    if (!handler) throw new Error(`No handler for the job ${job.name}: this worker is older than who asked for it.`);
    const { payload, correlationId } = job.data as { payload: unknown; correlationId: string | null };
    const parsed = handler.job.payload.safeParse(payload);
    if (!parsed.success) throw new UnrecoverableError(`The payload of ${job.name} is not of its shape: ${parsed.error.message}`);
    const end = jobMetrics.duration.startTimer({ job: job.name });
    await correlation.run({ correlationId: correlationId ?? randomUUID() }, () =>
      handler.run(parsed.data, this.#stop.signal, (percent) => job.updateProgress(percent)),
    );
    end();
    jobMetrics.total.inc({ job: job.name, outcome: 'succeeded' });
  }

  async #failed(job: Job, error: Error): Promise<void> {
    const { logger } = this.settings;
    const last = error instanceof UnrecoverableError || job.attemptsMade >= (job.opts.attempts ?? 1);
    jobMetrics.total.inc({ job: job.name, outcome: last ? 'failed' : 'retried' });
    logger.warn({ err: error, job: job.name, attempt: job.attemptsMade, last }, 'job failed');
    if (!last) return;
    try {
      await this.#handlers.get(job.name)?.gaveUp?.((job.data as { payload: never }).payload, error);
    } catch (cause) {
      logger.error({ err: cause, job: job.name }, 'could not record that a job failed');
    }
  }

  async #keepSchedules(): Promise<void> {
    for (const { job, payload, everySeconds } of this.schedules) {
      const region = this.settings.region;
      const queue = this.#backend.queue(queueName(job, region));
      try {
        await queue.upsertJobScheduler(
          `every-${job.name}`,
          { every: everySeconds * 1_000 },
          { name: job.name, data: { payload, correlationId: null }, opts: { removeOnComplete: true, removeOnFail: { count: 100 } } },
        );
      } finally {
        await queue.close();
      }
    }
  }
}
