import { Global, Module } from '@nestjs/common';
import { RegistrySnapshots } from '#lib/control';
import type { DataPlaneConfig } from '../config.js';
import { CONFIG } from '../injection.js';
import { Registries } from './registries.js';
import { Targets } from './target.js';

/** From hosts and names to registries. */
@Global()
@Module({
  providers: [
    {
      provide: Registries,
      inject: [RegistrySnapshots, CONFIG],
      useFactory: (snapshots: RegistrySnapshots, config: DataPlaneConfig) =>
        new Registries({ snapshots, region: config.REGATTA_REGION, reachable: new Set(Object.keys(config.REGATTA_BUCKETS)) }),
    },
    {
      provide: Targets,
      inject: [Registries, CONFIG],
      useFactory: (registries: Registries, config: DataPlaneConfig) => new Targets(registries, config.REGATTA_LOGIN_SERVER_SUFFIX),
    },
  ],
  exports: [Registries, Targets],
})
export class TargetsModule {}
