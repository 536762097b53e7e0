import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RegistrySnapshots } from '#lib/control';
import {
  BodyBudget,
  Broadcast,
  type Bucket,
  Health,
  type Logger,
  type ProcessParts,
  openBuckets,
  PipelinedPool,
  SecretBox,
} from '#lib/platform';
import { DataSource } from 'typeorm';
import type { DataPlaneConfig } from './config.js';
import { BUCKETS, CONFIG, LOGGER } from './injection.js';

const MiB = 1024 * 1024;

/** What the process brings along before Nest starts. */
export interface DataPlaneParts extends ProcessParts {
  config: DataPlaneConfig;
}

/** What every other module may ask for: configuration, log, database, buckets, and what is remembered of registries. */
@Global()
@Module({})
export class ProcessModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(RegistrySnapshots) private readonly snapshots: RegistrySnapshots,
    @Inject(PipelinedPool) private readonly pool: PipelinedPool,
    @Inject(BUCKETS) private readonly buckets: ReadonlyMap<string, Bucket>,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Health) private readonly health: Health,
    @Inject(CONFIG) private readonly config: DataPlaneConfig,
  ) {}

  static with({ config, logger, dataSource, broadcast, health }: DataPlaneParts): DynamicModule {
    return {
      module: ProcessModule,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: DataSource, useValue: dataSource },
        { provide: BodyBudget, useFactory: () => new BodyBudget({ bytes: config.REGATTA_BODY_MEMORY_MIB * MiB }) },
        { provide: Broadcast, useValue: broadcast },
        { provide: Health, useValue: health },
        { provide: SecretBox, useFactory: () => new SecretBox(config.REGATTA_SECRET_KEY) },
        { provide: PipelinedPool, useFactory: () => poolOf(config, logger) },
        {
          provide: RegistrySnapshots,
          inject: [PipelinedPool],
          useFactory: (pool: PipelinedPool) =>
            new RegistrySnapshots({ pool, broadcast, loginServerSuffix: config.REGATTA_LOGIN_SERVER_SUFFIX }),
        },
        {
          provide: BUCKETS,
          useFactory: () => openBuckets(config.REGATTA_BUCKETS, { reserveBytes: config.REGATTA_BUCKET_RESERVE_MIB * MiB }),
        },
      ],
      exports: [CONFIG, LOGGER, DataSource, BodyBudget, Broadcast, Health, SecretBox, PipelinedPool, RegistrySnapshots, BUCKETS],
    };
  }

  async onModuleInit(): Promise<void> {
    for (const [region, bucket] of this.buckets)
      if (region === this.config.REGATTA_REGION) this.health.check('bucket', () => bucket.check());
    await this.snapshots.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.snapshots.close();
    await this.pool.close();
    await Promise.all([...this.buckets.values()].map((bucket) => bucket.close()));
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

function poolOf(config: DataPlaneConfig, logger: Logger): PipelinedPool {
  return new PipelinedPool({
    url: config.DATABASE_URL,
    applicationName: `data-plane-${config.REGATTA_REGION}-hot`,
    onError: (error) => logger.warn({ err: error }, 'lost a connection to Postgres'),
  });
}
