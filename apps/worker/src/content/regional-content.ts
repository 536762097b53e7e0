import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Collector, ContentIndex, Uploads, type Collected } from '#lib/content';
import { type Bucket, PipelinedPool, openBuckets } from '#lib/platform';
import type { WorkerConfig } from '../config.js';
import { CONFIG } from '../tokens.js';

/** A worker serves no pulls: it remembers next to nothing. */
const memoryBytes = 1_048_576;
const MiB = 1024 * 1024;

/** What the registries hold, as far as the worker of one region tidies it. */
@Injectable()
export class RegionalContent implements OnApplicationShutdown {
  readonly #region: string;
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #pool: PipelinedPool;
  readonly #index: ContentIndex;
  readonly #uploads: Uploads;
  readonly #collector: Collector;

  constructor(@Inject(CONFIG) config: WorkerConfig) {
    const region = (this.#region = config.REGATTA_REGION);
    const pool = new PipelinedPool({
      url: config.DATABASE_URL,
      applicationName: `worker-${region}`,
      connections: 1,
      transactionConnections: 2,
    });
    const reserveBytes = config.REGATTA_BUCKET_RESERVE_MIB * MiB;
    const buckets = (this.#buckets = openBuckets(config.REGATTA_BUCKETS, { reserveBytes }));
    const graceSeconds = config.REGATTA_COLLECT_AFTER_SECONDS;
    this.#pool = pool;
    this.#index = new ContentIndex({ pool, region, memoryBytes, graceSeconds });
    this.#uploads = new Uploads({ pool, region, buckets, graceSeconds });
    this.#collector = new Collector({ pool, buckets, graceSeconds });
  }

  /** Removes everything the registry holds, batch by batch; called again after a crash it goes on where it was. */
  deleteAllOfRegistry(registryId: string, signal?: AbortSignal): Promise<void> {
    return this.#index.deleteAllOfRegistry(registryId, signal);
  }

  /** Frees what was put up for review, is due and is not needed. */
  collect(signal: AbortSignal): Promise<Collected> {
    return this.#collector.collectReviewed(this.#region, signal);
  }

  /** Ends uploads nobody touched for `idleSeconds`; how many. */
  sweepUploads(idleSeconds: number): Promise<number> {
    return this.#uploads.sweepExpired(idleSeconds);
  }

  /** Bytes that uploads may still bring into this region; null where it has no bucket. */
  async room(): Promise<number | null> {
    return (await this.#buckets.get(this.#region)?.room()) ?? null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#uploads.close();
    await this.#pool.close();
  }
}
