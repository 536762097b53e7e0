import { Fault } from '#lib/domain';
import { parseV2Path, type V2Route } from '#lib/oci';
import { Gate } from '../auth/gate.js';
import type { Call } from '../edge/call.js';
import { methodNotAllowed } from '../edge/failures.js';
import type { Site } from '../edge/site.js';
import { catalogNeed, repositoryScope, Targets } from '../edge/target.js';
import { HostCatalog } from './host-catalog.js';
import { linkTo, pageOf } from './listings.js';
import { operationFor, operations, type RepositoryRoute, routePatterns } from './operations.js';
import { RegionalContent } from './regional-content.js';

/** In path style the registry stands between: `/v2/{registry}/_catalog`. */
const pathStyleCatalog = /^\/v2\/([A-Za-z0-9]{5,50})\/_catalog\/?$/;
/** A path that is well formed and still no route is not found; what is malformed is refused as such (threat 17). */
const wellFormed = /^\/v2(?:\/(?!\.\.?(?:\/|$))[A-Za-z0-9._:@+-]+)*\/?$/;

/** Everything below `/v2`: one raw route, because names contain slashes. */
export class V2Routes {
  constructor(
    private readonly targets: Targets,
    private readonly gate: Gate,
    private readonly content: RegionalContent,
    private readonly hostCatalog: HostCatalog,
  ) {}

  async answer(call: Call, site: Site): Promise<void> {
    const catalogOf = site.place.kind === 'path' ? pathStyleCatalog.exec(call.path)?.[1] : undefined;
    const route: V2Route | null = catalogOf === undefined ? parseV2Path(call.path) : { kind: 'catalog' };
    if (!route) throw noRoute(call.path);
    call.route = routePatterns[route.kind];
    if (site.place.kind === 'data' && route.kind !== 'blob' && route.kind !== 'base') {
      throw new Fault('RouteNotFound', 'A data endpoint serves blobs only; ask the login server.');
    }
    if (route.kind === 'base') return this.#base(call, site);
    if (route.kind === 'catalog') return this.#catalog(call, site, catalogOf);
    return this.#repository(call, site, route);
  }

  /** Tells clients that this is a registry and whether their credentials are good. */
  async #base(call: Call, site: Site): Promise<void> {
    requireGet(call);
    await this.gate.admit(call, await this.targets.door(site), null);
    call.json(200, {});
  }

  async #catalog(call: Call, site: Site, registryName: string | undefined): Promise<void> {
    requireGet(call);
    if (site.place.kind === 'path' && registryName === undefined) return this.#hostCatalog(call, site);
    const target = await this.targets.registry(site, registryName);
    await this.gate.admit(call, target.door, catalogNeed(target.prefix));
    return this.content.handlersFor(target.registry).listings.catalog(call, target);
  }

  async #hostCatalog(call: Call, site: Site): Promise<void> {
    const { subject } = await this.gate.admit(call, await this.targets.door(site), catalogNeed(''));
    const page = pageOf(call);
    const { names, next } = await this.hostCatalog.page(subject, call.clientAddress, page);
    call.json(200, { repositories: names }, linkTo('/v2/_catalog', next, page.n));
  }

  async #repository(call: Call, site: Site, route: RepositoryRoute): Promise<void> {
    const operation = operationFor(route, call.verb);
    if (!operation) throw methodNotAllowed(call, Object.keys(operations[route.kind]));
    const target = await this.targets.repository(site, route.name);
    const caller = await this.gate.admit(call, target.door, {
      scope: repositoryScope(target.publicName, operation.asks),
      anyOf: operation.anyOf,
      wish: operation.wishes?.(call, target) ?? null,
    });
    return operation.run(this.content.handlersFor(target.registry), call, target, route, caller);
  }
}

function requireGet(call: Call): void {
  if (call.verb !== 'GET') throw methodNotAllowed(call, ['GET']);
}

function noRoute(path: string): Fault {
  if (wellFormed.test(path)) return new Fault('RouteNotFound', 'The registry API has no such address.');
  return new Fault('NameInvalid', 'The path holds escapes, empty segments or characters that no name of the registry API has.');
}
