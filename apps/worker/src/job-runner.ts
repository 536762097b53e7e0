import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Broadcast, JobSystem, jobMetrics, storageMetrics, type AnyJobHandler, type Logger } from '#lib/platform';
import { DataSource } from 'typeorm';
import { RegionalContent } from './content/regional-content.js';
import { CONFIG, HANDLERS, LOGGER } from './tokens.js';
import type { WorkerConfig } from './config.js';
import { schedules } from './subscriptions.js';

const gaugeMs = 10_000;

/** Runs the jobs for as long as the application runs. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #jobs: JobSystem;
  #gauge: NodeJS.Timeout | null = null;

  constructor(
    @Inject(CONFIG) config: WorkerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(HANDLERS) handlers: AnyJobHandler[],
    private readonly dataSource: DataSource,
    private readonly content: RegionalContent,
    broadcast: Broadcast,
  ) {
    const backend = config.REDIS_URL ? { redisUrl: config.REDIS_URL } : { databaseUrl: config.DATABASE_URL };
    const region = config.REGATTA_REGION;
    this.#jobs = new JobSystem(
      { dataSource, broadcast, backend, logger, region, concurrency: config.REGATTA_JOB_CONCURRENCY },
      handlers,
      schedules,
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#jobs.start();
    await this.#measure();
    this.#gauge = setInterval(() => void this.#measure(), gaugeMs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.#gauge) clearInterval(this.#gauge);
    await this.#jobs.close();
  }

  async #measure(): Promise<void> {
    try {
      const [row] = await this.dataSource.query<{ waiting: string; used: string }[]>(
        `SELECT (SELECT count(*) FROM platform.outbox WHERE available_at <= now()) AS waiting,
                (SELECT coalesce(sum(bytes), 0) FROM content.usage_shards) AS used`,
      );
      jobMetrics.outboxWaiting.set(Number(row?.waiting ?? 0));
      storageMetrics.used.set(Number(row?.used ?? 0));
      const room = await this.content.room();
      if (room !== null) storageMetrics.room.set(room);
    } catch (error) {
      this.logger.warn({ err: error }, 'could not measure the outbox and the storage');
    }
  }
}
