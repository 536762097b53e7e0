import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ControlStore } from '#lib/control';
import { RoleAssignments } from '#lib/identity';
import { Broadcast, Health, Outbox, type AnyJobHandler, type ProcessParts } from '#lib/platform';
import { DataSource } from 'typeorm';
import type { WorkerConfig } from './config.js';
import { JobRunner } from './job-runner.js';
import { RegionalContent } from './content/regional-content.js';
import { handlers } from './subscriptions.js';
import { CONFIG, HANDLERS, LOGGER } from './tokens.js';

export interface WorkerParts extends ProcessParts {
  config: WorkerConfig;
}

/** The worker: jobs of one region, and of none in particular. */
@Module({})
export class WorkerModule {
  static with({ config, logger, dataSource, broadcast, health }: WorkerParts): DynamicModule {
    return {
      module: WorkerModule,
      imports: [TypeOrmModule.forRootAsync({ useFactory: () => dataSource.options, dataSourceFactory: async () => dataSource })],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: Broadcast, useValue: broadcast },
        { provide: Health, useValue: health },
        Outbox,
        { provide: ControlStore, useFactory: (source: DataSource) => new ControlStore(source), inject: [DataSource] },
        {
          provide: RoleAssignments,
          useFactory: (source: DataSource) => new RoleAssignments({ dataSource: source, broadcast }),
          inject: [DataSource],
        },
        RegionalContent,
        ...handlers,
        { provide: HANDLERS, useFactory: (...list: AnyJobHandler[]) => list, inject: handlers },
        JobRunner,
      ],
    };
  }
}
