import { BlobStore, ContentIndex, Uploads } from '#lib/content';
import type { RegistrySnapshot } from '#lib/control';
import type { RegionName } from '#lib/domain';
import { type Bucket, PipelinedPool, WriteSlots } from '#lib/platform';
import { Registries } from '../edge/registries.js';
import { Blobs } from './blobs.js';
import { Listings } from './listings.js';
import { Manifests } from './manifests.js';
import type { ContentHandlers } from './operations.js';
import { UploadRoutes } from './uploads.js';

interface Region {
  handlers: ContentHandlers;
  uploads: Uploads;
}

/**
 * Content by the region that serves it. A registry that lives here is served from this region's bucket; one that does not, and whose
 * login server led here all the same (any region may answer for it), from a bucket of its own that this process reaches.
 */
export class RegionalContent {
  readonly #regions = new Map<RegionName, Region>();
  /** Memory for bytes on their way in, whichever bucket they go to. */
  readonly #slots = new WriteSlots();

  constructor(
    private readonly registries: Registries,
    private readonly index: ContentIndex,
    private readonly pool: PipelinedPool,
    private readonly buckets: ReadonlyMap<RegionName, Bucket>,
    private readonly graceSeconds: number,
  ) {}

  handlersFor(registry: RegistrySnapshot): ContentHandlers {
    const region = this.registries.regionOf(registry);
    let known = this.#regions.get(region);
    if (!known) this.#regions.set(region, (known = this.#open(region)));
    return known.handlers;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#regions.values()].map(({ uploads }) => uploads.close()));
    this.#regions.clear();
  }

  /** One index for all regions; bytes come from and go to the bucket of one. */
  #open(region: RegionName): Region {
    const { index, pool, buckets, graceSeconds } = this;
    const uploads = new Uploads({ pool, region, buckets, slots: this.#slots, graceSeconds });
    const handlers = {
      manifests: new Manifests(index),
      blobs: new Blobs(index, new BlobStore({ region, buckets })),
      uploads: new UploadRoutes(index, uploads),
      listings: new Listings(index),
    };
    return { uploads, handlers };
  }
}
