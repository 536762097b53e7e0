import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Collector, ContentIndex, Uploads, type Collected } from '#lib/content';
import { PipelinedPool, openBuckets } from '#lib/platform';
import type { WorkerConfig } from '../config.js';
import { CONFIG } from '../tokens.js';

/** A worker serves no pulls: it remembers next to nothing. */
const memoryBytes = 1_048_576;

/** What the registries hold, as far as the worker of one region tidies it. */
@Injectable()
export class RegionalContent implements OnApplicationShutdown {
  readonly #region: string;
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
    const buckets = openBuckets(config.REGATTA_BUCKETS);
    this.#pool = pool;
    this.#index = new ContentIndex({ pool, region, memoryBytes });
    this.#uploads = new Uploads({ pool, region, buckets });
    this.#collector = new Collector({ pool, buckets });
  }

  /** Removes everything the registry holds, batch by batch; called again after a crash it goes on where it was. */
  deleteAllOfRegistry(registryId: string, signal?: AbortSignal): Promise<void> {
    return this.#index.deleteAllOfRegistry(registryId, signal);
  }

  /** Frees what was put up for review at least `graceSeconds` ago and is not needed. */
  collect(graceSeconds: number, signal: AbortSignal): Promise<Collected> {
    return this.#collector.collectReviewed(this.#region, graceSeconds, signal);
  }

  /** Ends uploads nobody touched for `idleSeconds`; how many. */
  sweepUploads(idleSeconds: number): Promise<number> {
    return this.#uploads.sweepExpired(idleSeconds);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#uploads.close();
    await this.#pool.close();
  }
}
