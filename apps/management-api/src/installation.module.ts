import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ControlStore } from '#lib/control';
import { Broadcast, Health, SecretBox, type ProcessParts } from '#lib/platform';
import { DataSource } from 'typeorm';
import { CONFIG, LOGGER } from './arm-http/tokens.js';
import type { ManagementConfig } from './config.js';

/** What the process brings along before Nest starts. */
export interface ManagementParts extends ProcessParts {
  config: ManagementConfig;
}

/** What every other module may ask for: configuration, log, database, secrets. */
@Global()
@Module({})
export class InstallationModule {
  static with({ config, logger, dataSource, broadcast, health }: ManagementParts): DynamicModule {
    return {
      module: InstallationModule,
      imports: [TypeOrmModule.forRootAsync({ useFactory: () => dataSource.options, dataSourceFactory: async () => dataSource })],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOGGER, useValue: logger },
        { provide: Broadcast, useValue: broadcast },
        { provide: Health, useValue: health },
        { provide: SecretBox, useFactory: () => new SecretBox(config.REGATTA_SECRET_KEY) },
        { provide: ControlStore, useFactory: (source: DataSource) => new ControlStore(source), inject: [DataSource] },
      ],
      exports: [CONFIG, LOGGER, Broadcast, Health, SecretBox, ControlStore],
    };
  }
}
