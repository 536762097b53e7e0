import { type RegionName, regionName, registryNamePattern } from '#lib/domain';

/**
 * What a `Host` header says about whom the client means:
 * - `login`: the login server of one registry, `{label}.{suffix}`; any region may answer;
 * - `regional`: the same registry, but this region of it, `{label}.{region}.geo.{suffix}`;
 * - `data`: where blob redirects of one registry point, `{label}.{region}.data.{suffix}`;
 * - `path`: no login server at all: the first path segment names the registry.
 */
export type HostPlace =
  { kind: 'login'; label: string } | { kind: 'regional' | 'data'; label: string; region: RegionName } | { kind: 'path' };

const path: HostPlace = { kind: 'path' };
/** One DNS label. A label no registry has is still a login server, so that a typing mistake is answered as one. */
const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The host of a `Host` header or of a configured name, in lower case, without port and without the root dot. */
export function hostWithoutPort(host: string): string {
  const name = host.toLowerCase();
  const end = name.startsWith('[') ? name.indexOf(']') + 1 : name.indexOf(':');
  const bare = end > 0 ? name.slice(0, end) : name;
  return bare.endsWith('.') ? bare.slice(0, -1) : bare;
}

/** Reads `Host` headers. Ports are ignored: the same registry may be served on several. */
export class HostNames {
  readonly #suffix: string;

  constructor(loginServerSuffix: string) {
    this.#suffix = `.${hostWithoutPort(loginServerSuffix)}`;
  }

  place(host: string): HostPlace {
    const name = hostWithoutPort(host);
    if (!name.endsWith(this.#suffix)) return path;
    const [label, region, role, ...more] = name.slice(0, -this.#suffix.length).split('.') as [string, ...string[]];
    if (!labelPattern.test(label) || more.length > 0) return path;
    if (region === undefined) return { kind: 'login', label };
    if (!regionName.safeParse(region).success) return path;
    if (role === 'geo') return { kind: 'regional', label, region };
    if (role === 'data') return { kind: 'data', label, region };
    return path;
  }
}

/** In path style the first segment of a repository name is the registry: `myreg/team/app` → `myreg` and `team/app`. */
export function splitPathStyle(name: string): { registry: string; repository: string } | null {
  const slash = name.indexOf('/');
  const registry = slash < 0 ? name : name.slice(0, slash);
  if (!registryNamePattern.test(registry)) return null;
  return { registry: registry.toLowerCase(), repository: slash < 0 ? '' : name.slice(slash + 1) };
}
