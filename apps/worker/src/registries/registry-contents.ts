import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ContentIndex } from '#lib/content';
import { PipelinedPool } from '#lib/platform';
import type { WorkerConfig } from '../config.js';
import { CONFIG } from '../tokens.js';

/** The content of registries, as far as their end is concerned. */
@Injectable()
export class RegistryContents implements OnApplicationShutdown {
  readonly #pool: PipelinedPool;
  readonly #index: ContentIndex;

  constructor(@Inject(CONFIG) config: WorkerConfig) {
    this.#pool = new PipelinedPool({
      url: config.DATABASE_URL,
      applicationName: `worker-${config.REGATTA_REGION}`,
      connections: 1,
      transactionConnections: 2,
    });
    this.#index = new ContentIndex({ pool: this.#pool, region: config.REGATTA_REGION, memoryBytes: 1_048_576 });
  }

  /** Removes everything the registry holds, batch by batch; called again after a crash it goes on where it was. */
  deleteAll(registryId: string, signal?: AbortSignal): Promise<void> {
    return this.#index.deleteAllOfRegistry(registryId, signal);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.close();
  }
}
