import { type RegistrySnapshot, RegistrySnapshots } from '#lib/control';
import { Fault, type RegionName } from '#lib/domain';
import { type HostPlace, hostWithoutPort } from './host-names.js';
import type { Site } from './site.js';

export interface RegistriesOptions {
  snapshots: RegistrySnapshots;
  /** The region this process serves. */
  region: RegionName;
  /** Regions whose bucket this process can reach. */
  reachable: ReadonlySet<RegionName>;
}

/** Finds the registry a request is about and says clearly why it cannot be served, if it cannot. */
export class Registries {
  constructor(private readonly options: RegistriesOptions) {}

  /** The registry whose login server, regional endpoint or data endpoint the site is. */
  async ofSite(site: Site): Promise<RegistrySnapshot> {
    const { place } = site;
    if (place.kind === 'path') throw new Error('A path-style site names no registry.');
    const registry = await this.options.snapshots.byName(place.label);
    // A registry whose label carries a hash is not served under its bare name: that label may belong to somebody else.
    if (!registry || labelOf(registry) !== place.label) throw unknown(place.label);
    this.#requireServable(registry);
    if (place.kind !== 'login') this.#requireHere(registry, place.region, place.kind);
    return registry;
  }

  /** Whether a registry has an endpoint of this name, whatever it would answer there. */
  async existsAt(place: HostPlace): Promise<boolean> {
    if (place.kind === 'path') return false;
    const registry = await this.options.snapshots.byName(place.label);
    if (!registry || labelOf(registry) !== place.label) return false;
    return place.kind === 'login' || registry.regions.includes(place.region);
  }

  /** The registry that the first segment of a path names. */
  async named(name: string): Promise<RegistrySnapshot> {
    const registry = await this.options.snapshots.byName(name);
    if (!registry || registry.name.toLowerCase() !== name.toLowerCase()) throw unknown(name);
    this.#requireServable(registry);
    return registry;
  }

  /** The same, or null where it cannot be served: for token requests, which grant what they can and refuse nothing else. */
  async find(name: string): Promise<RegistrySnapshot | null> {
    try {
      return await this.named(name);
    } catch (error) {
      if (error instanceof Fault) return null;
      throw error;
    }
  }

  /** The region whose bucket serves the registry from here: this one, or else the nearest we reach, home first. */
  regionOf(registry: RegistrySnapshot): RegionName {
    const { region, reachable } = this.options;
    if (registry.regions.includes(region)) return region;
    const other = registry.regions.find((candidate) => reachable.has(candidate));
    if (other !== undefined) return other;
    throw new Fault(
      'ServiceUnavailable',
      `The registry ${registry.name} lives in ${registry.regions.join(', ')}; it is not served from ${region}.`,
    );
  }

  /** True if the registry can be served from here now. */
  serves(registry: RegistrySnapshot): boolean {
    try {
      this.#requireServable(registry);
      return true;
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
  }

  #requireServable(registry: RegistrySnapshot): void {
    switch (registry.provisioningState) {
      case 'Succeeded':
      case 'Updating':
        return void this.regionOf(registry);
      case 'Deleting':
        throw unknown(registry.name);
      case 'Creating':
        throw new Fault('ServiceUnavailable', `The registry ${registry.name} is being created. Try again in a moment.`);
      case 'Failed':
      case 'Canceled':
        throw new Fault(
          'ServiceUnavailable',
          `The registry ${registry.name} is not in service: its provisioning state is ${registry.provisioningState}.`,
        );
    }
  }

  #requireHere(registry: RegistrySnapshot, region: RegionName, kind: 'regional' | 'data'): void {
    if (region !== this.options.region) {
      throw new Fault('NameUnknown', `This is the region ${this.options.region}; the endpoint you asked is of ${region}.`);
    }
    if (!registry.regions.includes(region)) throw new Fault('NameUnknown', `The registry ${registry.name} has no endpoint in ${region}.`);
    if (kind === 'data' && !registry.dataEndpointEnabled) {
      throw new Fault('NameUnknown', `The registry ${registry.name} has no data endpoints: dataEndpointEnabled is false.`);
    }
  }
}

function labelOf(registry: RegistrySnapshot): string {
  return hostWithoutPort(registry.loginServer).split('.', 1)[0]!;
}

function unknown(name: string): Fault {
  return new Fault('NameUnknown', `There is no registry named ${name} here.`, { detail: { registry: name } });
}
