import { Module } from '@nestjs/common';
import { BlobStore, ContentIndex, Uploads } from '#lib/content';
import type { RegionName } from '#lib/domain';
import { type Bucket, PipelinedPool } from '#lib/platform';
import { Gate } from '../auth/gate.js';
import type { DataPlaneConfig } from '../config.js';
import { Registries } from '../edge/registries.js';
import { Targets } from '../edge/target.js';
import { BUCKETS, CONFIG } from '../injection.js';
import { Blobs } from './blobs.js';
import { Listings } from './listings.js';
import { Manifests } from './manifests.js';
import type { ContentHandlers } from './operations.js';
import { RegionalContent } from './regional-content.js';
import { UploadRoutes } from './uploads.js';
import { V2Routes } from './v2-routes.js';

const MiB = 1024 * 1024;

/** `/v2` */
@Module({
  providers: [
    {
      provide: ContentIndex,
      inject: [PipelinedPool, CONFIG],
      useFactory: (pool: PipelinedPool, config: DataPlaneConfig) =>
        new ContentIndex({ pool, region: config.REGATTA_REGION, memoryBytes: config.REGATTA_CONTENT_MEMORY_MIB * MiB }),
    },
    {
      provide: RegionalContent,
      inject: [Registries, ContentIndex, PipelinedPool, BUCKETS],
      useFactory: (registries: Registries, index: ContentIndex, pool: PipelinedPool, buckets: ReadonlyMap<RegionName, Bucket>) => {
        const handlers = [...buckets].map(([region, bucket]) => [region, handlersOf(region, bucket, index, pool, buckets)] as const);
        return new RegionalContent(registries, new Map(handlers));
      },
    },
    {
      provide: V2Routes,
      inject: [Targets, Gate, RegionalContent],
      useFactory: (targets: Targets, gate: Gate, content: RegionalContent) => new V2Routes(targets, gate, content),
    },
  ],
  exports: [V2Routes],
})
export class V2Module {}

/** One index for all regions; bytes come from and go to the bucket of one. */
function handlersOf(
  region: RegionName,
  bucket: Bucket,
  index: ContentIndex,
  pool: PipelinedPool,
  buckets: ReadonlyMap<RegionName, Bucket>,
): ContentHandlers {
  return {
    manifests: new Manifests(index),
    blobs: new Blobs(index, new BlobStore({ region, buckets })),
    uploads: new UploadRoutes(index, new Uploads({ pool, bucket, region })),
    listings: new Listings(index),
  };
}
