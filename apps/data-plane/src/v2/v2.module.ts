import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ContentIndex } from '#lib/content';
import { RegistriesInReach } from '#lib/control';
import type { RegionName } from '#lib/domain';
import { RoleAssignments } from '#lib/identity';
import { type Bucket, PipelinedPool, SecretBox } from '#lib/platform';
import { Gate } from '../auth/gate.js';
import { Rights } from '../auth/rights.js';
import type { DataPlaneConfig } from '../config.js';
import { Registries } from '../edge/registries.js';
import { Targets } from '../edge/target.js';
import { BUCKETS, CONFIG } from '../injection.js';
import { HostCatalog } from './host-catalog.js';
import { RegionalContent } from './regional-content.js';
import { V2Routes } from './v2-routes.js';

const MiB = 1024 * 1024;

/** `/v2` */
@Module({
  providers: [
    {
      provide: ContentIndex,
      inject: [PipelinedPool, CONFIG],
      useFactory: (pool: PipelinedPool, config: DataPlaneConfig) =>
        new ContentIndex({
          pool,
          region: config.REGATTA_REGION,
          memoryBytes: config.REGATTA_CONTENT_MEMORY_MIB * MiB,
          graceSeconds: config.REGATTA_COLLECT_AFTER_SECONDS,
        }),
    },
    {
      provide: RegionalContent,
      inject: [Registries, ContentIndex, PipelinedPool, BUCKETS, CONFIG],
      useFactory: (
        registries: Registries,
        index: ContentIndex,
        pool: PipelinedPool,
        buckets: ReadonlyMap<RegionName, Bucket>,
        config: DataPlaneConfig,
      ) => new RegionalContent(registries, index, pool, buckets, config.REGATTA_COLLECT_AFTER_SECONDS),
    },
    {
      provide: HostCatalog,
      inject: [Registries, RoleAssignments, Rights, ContentIndex, SecretBox, PipelinedPool, CONFIG],
      useFactory: (
        registries: Registries,
        roles: RoleAssignments,
        rights: Rights,
        index: ContentIndex,
        box: SecretBox,
        pool: PipelinedPool,
        config: DataPlaneConfig,
      ) => {
        const inReach = new RegistriesInReach({ pool, loginServerSuffix: config.REGATTA_LOGIN_SERVER_SUFFIX });
        return new HostCatalog({ registries, inReach, roles, rights, index, box });
      },
    },
    {
      provide: V2Routes,
      inject: [Targets, Gate, RegionalContent, HostCatalog],
      useFactory: (targets: Targets, gate: Gate, content: RegionalContent, hostCatalog: HostCatalog) =>
        new V2Routes(targets, gate, content, hostCatalog),
    },
  ],
  exports: [V2Routes],
})
export class V2Module implements OnApplicationShutdown {
  constructor(@Inject(RegionalContent) private readonly content: RegionalContent) {}

  async onApplicationShutdown(): Promise<void> {
    await this.content.close();
  }
}
