import type { RegistrySnapshot } from '#lib/control';
import { Fault, isRepositoryName, type Scope } from '#lib/domain';
import { parseRepositoryName } from '#lib/oci';
import type { Door, Need } from '../auth/gate.js';
import type { CredentialScope } from '../auth/credentials.js';
import { splitPathStyle } from './host-names.js';
import { Registries } from './registries.js';
import type { Site } from './site.js';

const catalogName = 'catalog';

/** The registry a request is about, and how the client writes its names. */
export interface Target {
  registry: RegistrySnapshot;
  /** What stands before every repository name the client sees: empty, or `{registry}/` in path style. */
  prefix: string;
  door: Door;
}

/** A repository of that registry. */
export interface RepositoryTarget extends Target {
  /** The name in the index. */
  repository: string;
  /** The name as the client writes it. */
  publicName: string;
}

/** Turns what the client wrote (host and names) into registries and repositories, and back. */
export class Targets {
  constructor(
    private readonly registries: Registries,
    /** Whom tokens for path-style names are for: all login servers end in it, so it is none itself. */
    private readonly pathAudience: string,
  ) {}

  /** Where `/v2/` itself leads: to the registry of the host, or in path style to no registry in particular. */
  async door(site: Site): Promise<Door> {
    if (site.place.kind !== 'path') return this.#doorOf(await this.registries.ofSite(site));
    return { audience: this.pathAudience, registry: null, credentials: this.#pathCredentials() };
  }

  /** The registry as a whole; `name` is the path-style registry name, absent only where the host says it. */
  async registry(site: Site, name?: string): Promise<Target> {
    if (site.place.kind !== 'path') {
      const registry = await this.registries.ofSite(site);
      return { registry, prefix: '', door: this.#doorOf(registry) };
    }
    if (name === undefined) throw new Error('A path-style site names no registry.');
    const registry = await this.registries.named(name);
    return { registry, prefix: `${name}/`, door: { audience: this.pathAudience, registry, credentials: this.#pathCredentials() } };
  }

  async repository(site: Site, name: string): Promise<RepositoryTarget> {
    if (site.place.kind !== 'path') {
      return { ...(await this.registry(site)), repository: parseRepositoryName(name), publicName: name };
    }
    const split = splitPathStyle(name);
    if (!split || split.repository === '') {
      throw new Fault('NameUnknown', 'On this host a repository is named {registry}/{repository}.', { detail: { name } });
    }
    const target = await this.registry(site, name.slice(0, name.indexOf('/')));
    return { ...target, repository: parseRepositoryName(split.repository), publicName: name };
  }

  /** The registry and its own name for a resource that a scope names; null where the scope means no registry we serve. */
  async ofScope(site: Site, scope: Scope): Promise<RegistrySnapshot | null> {
    if (site.place.kind !== 'path') return this.registries.ofSite(site);
    const split = scope.name.includes('/') ? splitPathStyle(scope.name) : null;
    return split && this.registries.find(split.registry);
  }

  #doorOf(registry: RegistrySnapshot): Door {
    const credentials: CredentialScope = {
      audience: registry.loginServer,
      registry,
      registryNamed: async (name) => (name.toLowerCase() === registry.name.toLowerCase() ? registry : null),
      from: '',
    };
    return { audience: registry.loginServer, registry, credentials };
  }

  #pathCredentials(): CredentialScope {
    return { audience: this.pathAudience, registry: null, registryNamed: (name) => this.registries.find(name), from: '' };
  }
}

/** The repository of the same registry that a name in a request (`?from=`) means; null when it means another registry or nothing. */
export function siblingRepository(target: Target, publicName: string): string | null {
  const name = publicName.startsWith(target.prefix) ? publicName.slice(target.prefix.length) : '';
  return isRepositoryName(name) ? name : null;
}

export function repositoryScope(publicName: string, actions: readonly string[]): Scope {
  return { type: 'repository', name: publicName, actions: [...actions] };
}

/** `prefix` is empty, or `{registry}/`. */
export function catalogNeed(prefix: string): Need {
  return { scope: { type: 'registry', name: `${prefix}${catalogName}`, actions: ['*'] }, anyOf: ['*'] };
}

/** True for the scope of the catalog of a host that is not a registry. */
export function isHostCatalog({ place }: Site, { type, name }: Scope): boolean {
  return place.kind === 'path' && type === 'registry' && name === catalogName;
}
