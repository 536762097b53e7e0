import type { RegistrySnapshot } from '#lib/control';
import { isFault, registryNamePattern } from '#lib/domain';
import { Principals } from '#lib/identity';
import { type RefreshToken, RegistryTokens, type Subject } from '../tokens/registry-tokens.js';
import { adminSubject } from './admin-account.js';
import { requireLetIn } from './firewall.js';
import { acceptsSignIn } from './sign-ins.js';

/** The user name under which a token, not a password, is presented (`az acr login`). */
export const tokenUser = '00000000-0000-0000-0000-000000000000';

/** Where credentials are presented: they are good for one registry, or for all that an audience stands for. */
export interface CredentialScope {
  audience: string;
  /** The registry of the host, as it is now; null in path style. A refresh token issued for one must name exactly this one. */
  registry: RegistrySnapshot | null;
  /** The registry that an admin user name can mean here; null: none. */
  registryNamed(name: string): Promise<RegistrySnapshot | null>;
  /** Where the request comes from: failures are counted per place. */
  from: string;
}

/** Tells who stands behind a user name and a password. */
export class Credentials {
  constructor(
    private readonly principals: Principals,
    private readonly tokens: RegistryTokens,
  ) {}

  /**
   * The admin account, a service principal, or, for the null user, whom the refresh token was issued to. Null: nobody.
   * @throws Fault `TooManyRequests` after too many wrong secrets.
   * @throws Fault `Denied` where the user is the admin of a registry whose network rules keep the caller out.
   */
  async subject(user: string, password: string, scope: CredentialScope): Promise<Subject | null> {
    if (user === '' || password === '') return null;
    if (user === tokenUser) return this.fromRefreshToken(password, scope);
    if (registryNamePattern.test(user)) {
      const registry = await scope.registryNamed(user);
      if (registry) requireLetIn(registry, scope.from);
      const admin = registry && adminSubject(registry, user, password);
      if (admin) return admin;
    }
    const principal = await this.principals.checkSecret(user, password, scope.from);
    if (!principal) return null;
    const subject: Subject = { kind: 'principal', principalId: principal.id, tenantId: principal.tenantId, via: 'secret' };
    return scope.registry && !acceptsSignIn(scope.registry, subject) ? null : subject;
  }

  /** Whom a refresh token was issued to, if that somebody may still sign in; null for whatever is no refresh token good here. */
  async fromRefreshToken(token: string, { audience, registry }: Pick<CredentialScope, 'audience' | 'registry'>): Promise<Subject | null> {
    const refresh = this.#readRefresh(token, audience);
    if (!refresh) return null;
    if (registry && !(refresh.registries.includes(registry.id) && acceptsSignIn(registry, refresh.subject))) return null;
    if (refresh.subject.kind !== 'principal') return refresh.subject;
    const principal = await this.principals.byId(refresh.subject.principalId);
    return principal?.enabled ? refresh.subject : null;
  }

  #readRefresh(token: string, audience: string): RefreshToken | null {
    try {
      return this.tokens.readRefresh(token, audience);
    } catch (error) {
      if (isFault(error, 'InvalidToken')) return null;
      throw error;
    }
  }
}
