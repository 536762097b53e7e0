import type { RegistrySnapshot } from '#lib/control';
import { Fault, type Scope } from '#lib/domain';
import { isFor, loginServerAudience, managementAudiences, PrincipalTokens, registryServiceAudience, type TokenBearer } from '#lib/identity';
import { type AccessEntry, grant, noRight } from '../auth/access.js';
import { Credentials, tokenUser } from '../auth/credentials.js';
import type { Door } from '../auth/gate.js';
import { letsIn, requireLetIn } from '../auth/firewall.js';
import { Refused } from '../auth/refused.js';
import { Rights } from '../auth/rights.js';
import { acceptsSignIn } from '../auth/sign-ins.js';
import { hostWithoutPort } from '../edge/host-names.js';
import type { Site } from '../edge/site.js';
import { isHostCatalog, Targets } from '../edge/target.js';
import { accessTokenSeconds, RegistryTokens, type Subject } from './registry-tokens.js';
import type { TokenRequest } from './token-request.js';

/** The body of a token answer: the token under both its names, for some clients read one and some the other. */
export interface TokenAnswer {
  access_token: string;
  token: string;
  expires_in: number;
  issued_at: string;
  refresh_token?: string;
}

/** Of an access token: the head of a request holds 16 KiB, and more than the token. */
const longestToken = 12 * 1024;
/** Registries that one request may name in path style: each has to be looked for. */
const mostRegistries = 10;

/** The token service of every registry, on the registry's own host (ACR data plane, section 1). */
export class TokenService {
  /** Of tokens that a registry may refuse (`azureADAuthenticationAsArmPolicy`). */
  readonly #armAudiences: readonly string[];

  constructor(
    private readonly targets: Targets,
    private readonly credentials: Credentials,
    private readonly rights: Rights,
    private readonly tokens: RegistryTokens,
    private readonly principalTokens: PrincipalTokens,
    managementUrl: string,
  ) {
    this.#armAudiences = managementAudiences(managementUrl);
  }

  /** `/oauth2/token`. @throws Refused when nobody stands behind the credentials. */
  async token(site: Site, request: TokenRequest, from: string): Promise<TokenAnswer> {
    const door = await this.targets.door(site);
    if (door.registry) requireLetIn(door.registry, from);
    requireService(request.service, site, door);
    if (!door.registry) requireFewRegistries(request.scopes);
    const { subject, refreshToken } = await this.#prove(request, door, from);
    const { access, registries } = await this.#grant(site, door, subject, request, from);
    const token = this.tokens.issueAccess({ subject, audience: door.audience, registries, access });
    if (token.length > longestToken)
      throw new Fault('InvalidParameter', 'A token for all of these scopes is too long: ask for fewer at once.');
    return {
      access_token: token,
      token,
      expires_in: accessTokenSeconds,
      issued_at: new Date().toISOString(),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    };
  }

  /** `/oauth2/exchange`: a token of the installation's token issuer becomes a refresh token of the registry (`az acr login`, the SDKs). */
  async exchange(site: Site, form: URLSearchParams, from: string): Promise<{ refresh_token: string }> {
    const door = await this.targets.door(site);
    if (door.registry) requireLetIn(door.registry, from);
    requireService(form.get('service'), site, door);
    if (!['access_token', 'access_token_refresh_token'].includes(form.get('grant_type') ?? '')) {
      throw new Fault('InvalidRequestContent', 'The grant_type must be access_token.');
    }
    const bearer = this.#bearer(form.get('access_token') ?? '', door);
    const tenant = form.get('tenant');
    if (tenant && tenant.toLowerCase() !== bearer.tenantId) throw new Refused([], 'invalid_token');
    const via = this.#armAudiences.some((audience) => isFor(bearer.audience, audience)) ? 'arm' : 'acr';
    const subject: Subject = { kind: 'principal', principalId: bearer.principalId, tenantId: bearer.tenantId, via };
    if (door.registry && !acceptsSignIn(door.registry, subject)) throw new Refused([], 'invalid_token');
    return { refresh_token: this.tokens.issueRefresh({ subject, audience: door.audience, registries: idsOf(door) }) };
  }

  #bearer(token: string, { registry }: Door): TokenBearer {
    const own = registry ? [loginServerAudience(registry.loginServer)] : [];
    try {
      return this.principalTokens.bearer(token, [registryServiceAudience, ...own, ...this.#armAudiences]);
    } catch (error) {
      if (error instanceof Fault && error.code === 'InvalidToken') throw new Refused([], 'invalid_token');
      throw error;
    }
  }

  async #prove({ proof, offline }: TokenRequest, door: Door, from: string): Promise<{ subject: Subject; refreshToken?: string }> {
    if (proof.kind === 'nobody') return { subject: { kind: 'anonymous' } };
    if (proof.kind === 'refreshToken') {
      const subject = await this.credentials.fromRefreshToken(proof.token, door.credentials);
      if (!subject) throw new Refused([], 'invalid_token');
      return { subject };
    }
    const subject = await this.credentials.subject(proof.user, proof.password, { ...door.credentials, from });
    if (!subject) throw new Refused([]);
    if (offline === 'no') return { subject };
    // The null user's password is a refresh token already. docker keeps what it gets here and forgets the password, so who logs in
    // with a password that lasts (`offline_token=true`) is given no token that ends in three hours in exchange for it.
    if (proof.user === tokenUser) return { subject, refreshToken: proof.password };
    if (offline === 'basic') return { subject };
    return { subject, refreshToken: this.tokens.issueRefresh({ subject, audience: door.audience, registries: idsOf(door, subject) }) };
  }

  /** The intersection of what was asked and what may be, entry by entry in the order of the request. */
  async #grant(
    site: Site,
    door: Door,
    subject: Subject,
    request: TokenRequest,
    from: string,
  ): Promise<{ access: AccessEntry[]; registries: string[] }> {
    const registries = new Set(idsOf(door, subject));
    const access: AccessEntry[] = [];
    let anything = false;
    let shut: RegistrySnapshot | undefined;
    for (const scope of request.scopes) {
      const registry = door.registry ?? (await this.targets.ofScope(site, scope));
      const isOpen = registry ? letsIn(registry, from) : isHostCatalog(site, scope);
      if (registry && !isOpen) shut = registry;
      const rights = isOpen ? await this.rights.of(subject, registry) : noRight;
      if (registry && rights.size > 0) registries.add(registry.id);
      anything ||= rights.size > 0;
      access.push(grant(scope, rights));
    }
    // In path style the host is no registry, so its network rules are asked here: with nothing else to grant, login fails by them.
    if (shut && !anything) requireLetIn(shut, from);
    // Nobody in particular gets a token only where it opens something; others learn from `access` what they did not get.
    if (subject.kind === 'anonymous' && !anything && !(await this.#opensAnonymously(door))) throw new Refused(request.scopes);
    if (subject.kind === 'admin' && door.registry && (await this.rights.of(subject, door.registry)).size === 0)
      throw new Refused(request.scopes);
    return { access, registries: [...registries] };
  }

  async #opensAnonymously({ registry }: Door): Promise<boolean> {
    return registry !== null && (await this.rights.of({ kind: 'anonymous' }, registry)).size > 0;
  }
}

/** The registries a token is for before any scope is looked at. */
function idsOf(door: Pick<Door, 'registry'>, subject?: Subject): string[] {
  const registry: RegistrySnapshot | null = door.registry;
  if (registry) return [registry.id];
  return subject?.kind === 'admin' ? [subject.registryId] : [];
}

function requireFewRegistries(scopes: readonly Scope[]): void {
  const named = new Set(scopes.map(({ name }) => name.split('/', 1)[0]!.toLowerCase()));
  if (named.size <= mostRegistries) return;
  throw new Fault('InvalidParameter', `The scopes of one request may name at most ${mostRegistries} registries.`, { target: 'scope' });
}

/** `service` is what the challenge said; a client that names another host has its registries mixed up. */
function requireService(service: string | null, site: Site, door: Door): void {
  if (!service) return;
  const host = hostWithoutPort(service);
  if (host === hostWithoutPort(site.service) || host === hostWithoutPort(door.audience)) return;
  throw new Fault('InvalidParameter', `The service is ${site.service}.`, { target: 'service' });
}
