import type { CatalogPage, ContentIndex } from '#lib/content';
import { reachOf, type RegistriesInReach, type RegistrySnapshot } from '#lib/control';
import type { RoleAssignments } from '#lib/identity';
import type { Page } from '#lib/oci';
import type { SecretBox } from '#lib/platform';
import { letsIn } from '../auth/firewall.js';
import { mayList, type Rights } from '../auth/rights.js';
import type { Registries } from '../edge/registries.js';
import type { Subject } from '../tokens/registry-tokens.js';

/** Registries that one request looks at. If they hold fewer names than were asked for, the page is shorter and the next one begins behind them. */
const mostRegistries = 250;
const sealMark = '~';
const sealPurpose = 'catalog ';

export interface HostCatalogParts {
  registries: Pick<Registries, 'find' | 'serves'>;
  inReach: Pick<RegistriesInReach, 'page'>;
  roles: Pick<RoleAssignments, 'held'>;
  rights: Pick<Rights, 'of'>;
  index: Pick<ContentIndex, 'catalogOf'>;
  box: SecretBox;
}

/** Names as clients write them in path style, and what `last` of the next page is. Null where there is none. */
export interface HostCatalogPage {
  names: string[];
  next: string | null;
}

/**
 * The repositories of every registry that a caller may list, in the order of `{registry}/{repository}` by bytes: no registry name
 * holds anything less than a slash. A page costs two queries, and both are bounded, however many registries there are.
 */
export class HostCatalog {
  constructor(private readonly parts: HostCatalogParts) {}

  async page(subject: Subject, address: string, { n, last }: Page): Promise<HostCatalogPage> {
    if (n === 0) return { names: [], next: null };
    const position = this.#position(last);
    const candidates = await this.#candidates(subject, position.registry);
    const looked = candidates.slice(0, mostRegistries);
    const open: RegistrySnapshot[] = [];
    for (const registry of looked) if (await this.#isOpen(subject, registry, address)) open.push(registry);
    const begun = open[0] !== undefined && keyOf(open[0]) === position.registry;
    const page = await this.#read(open, { n, last: begun ? position.repository : '' });
    const keys = new Map(open.map((registry) => [registry.id, keyOf(registry)]));
    const names = page.repositories.map(({ registryId, name }) => `${keys.get(registryId)!}/${name}`);
    if (page.more) return { names, next: names.at(-1)! };
    return { names, next: candidates.length > looked.length ? this.#sealed(looked.at(-1)!) : null };
  }

  #read(open: readonly RegistrySnapshot[], page: Page): Promise<CatalogPage> {
    return this.parts.index.catalogOf(
      open.map(({ id }) => id),
      page,
    );
  }

  /** Registries that the subject might list, one more than a request looks at. */
  async #candidates(subject: Subject, from: string): Promise<readonly RegistrySnapshot[]> {
    const { registries, roles, inReach } = this.parts;
    switch (subject.kind) {
      case 'anonymous':
        return [];
      case 'admin': {
        const own = await registries.find(subject.name);
        return own && keyOf(own) >= from ? [own] : [];
      }
      case 'principal': {
        const held = await roles.held(subject.principalId);
        const reach = reachOf(held.filter(({ role }) => mayList(role)).map(({ scopeKey }) => scopeKey));
        return inReach.page(reach, { tenantId: subject.tenantId, from, limit: mostRegistries + 1 });
      }
    }
  }

  async #isOpen(subject: Subject, registry: RegistrySnapshot, address: string): Promise<boolean> {
    const { registries, rights } = this.parts;
    return registries.serves(registry) && letsIn(registry, address) && (await rights.of(subject, registry)).has('catalog');
  }

  /** Behind which repository of which registry a page begins. `last` is a name, or what `#sealed` made. */
  #position(last: string): { registry: string; repository: string } {
    const text = last.startsWith(sealMark) ? this.#unsealed(last) : last;
    const slash = text.indexOf('/');
    return {
      registry: (slash < 0 ? text : text.slice(0, slash)).toLowerCase(),
      repository: slash < 0 ? '' : text.slice(slash + 1),
    };
  }

  /** Everything behind a registry. Sealed, since the caller may not know of this registry. */
  #sealed(registry: RegistrySnapshot): string {
    return sealMark + this.parts.box.seal(`${sealPurpose}${keyOf(registry)}0`);
  }

  #unsealed(text: string): string {
    try {
      const opened = this.parts.box.open(text.slice(sealMark.length));
      return opened.startsWith(sealPurpose) ? opened.slice(sealPurpose.length) : text;
    } catch {
      return text;
    }
  }
}

/** The registry as it is named in path style: repository names have no capitals. */
function keyOf(registry: RegistrySnapshot): string {
  return registry.name.toLowerCase();
}
