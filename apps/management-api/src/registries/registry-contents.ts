import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ContentIndex } from '#lib/content';
import { PipelinedPool } from '#lib/platform';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';

/** What the management API asks of the content of registries: how much there is. */
@Injectable()
export class RegistryContents implements OnApplicationShutdown {
  readonly #pool: PipelinedPool;
  readonly #index: ContentIndex;

  constructor(@Inject(CONFIG) config: ManagementConfig) {
    this.#pool = new PipelinedPool({
      url: config.DATABASE_URL,
      applicationName: 'management-api',
      connections: 1,
      transactionConnections: 1,
    });
    this.#index = new ContentIndex({ pool: this.#pool, region: config.REGATTA_REGIONS[0]!, memoryBytes: 1_048_576 });
  }

  /** Unique bytes the registry holds now. */
  usageBytes(registryId: string): Promise<number> {
    return this.#index.usageBytes(registryId);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.close();
  }
}
