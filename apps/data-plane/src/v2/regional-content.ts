import type { RegistrySnapshot } from '#lib/control';
import { Fault, type RegionName } from '#lib/domain';
import { Registries } from '../edge/registries.js';
import type { ContentHandlers } from './operations.js';

/**
 * Content by the region that serves it. A registry that lives here is served from this region's bucket; one that does not, and whose
 * login server led here all the same (any region may answer for it), from a bucket of its own that this process reaches.
 */
export class RegionalContent {
  constructor(
    private readonly registries: Registries,
    private readonly byRegion: ReadonlyMap<RegionName, ContentHandlers>,
  ) {}

  handlersFor(registry: RegistrySnapshot): ContentHandlers {
    const region = this.registries.regionOf(registry);
    const handlers = this.byRegion.get(region);
    if (!handlers) throw new Fault('ServiceUnavailable', `No bucket of the region ${region} is configured here.`);
    return handlers;
  }
}
