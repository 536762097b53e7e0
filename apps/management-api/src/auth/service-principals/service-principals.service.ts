import { Injectable } from '@nestjs/common';
import { sliceOf, type Slice } from '#lib/arm';
import { ControlStore } from '#lib/control';
import { Fault, isFault } from '#lib/domain';
import { type IssuedSecret, type Principal, Principals, RoleAssignments, type SecretInfo } from '#lib/identity';
import type { Caller } from '../../arm-http/access.js';
import { notAuthorized } from '../authorization.guard.js';
import type { SecretPost, ServicePrincipalPatch, ServicePrincipalPost } from './service-principal.schemas.js';

/** Who may assign roles at a scope may as well look after those who hold roles there. */
const manage = 'Microsoft.Authorization/roleAssignments/write';
const longestLifeMs = 10 * 366 * 86_400_000;

/**
 * Service principals as the Owners of a subscription look after them. Whoever has a secret of a principal can do all that it
 * can, so a principal may only be looked after by who could give away each of its roles: an Owner of its home subscription who
 * may assign roles at every scope where it holds one.
 */
@Injectable()
export class ServicePrincipalsService {
  constructor(
    private readonly principals: Principals,
    private readonly roles: RoleAssignments,
    private readonly control: ControlStore,
  ) {}

  async list(caller: Caller, subscriptionId: string, limit: number, after: string | undefined): Promise<Slice<Principal>> {
    await this.#requireOwner(caller, subscriptionId);
    const rows = await this.principals.list(subscriptionId, limit + 1, after);
    return sliceOf(rows, limit, (row) => [row.id]);
  }

  async create(caller: Caller, wanted: ServicePrincipalPost): Promise<{ principal: Principal; secret: IssuedSecret }> {
    await this.#requireOwner(caller, wanted.subscriptionId);
    const { principal, secret, secretInfo } = await this.principals.create({
      tenantId: caller.tenantId,
      displayName: wanted.displayName,
      homeSubscriptionId: wanted.subscriptionId,
      secretName: wanted.secretName ?? 'first',
      ...(wanted.secretExpiresOn !== undefined && { secretExpiresAt: expiry(wanted.secretExpiresOn, 'secretExpiresOn') }),
    });
    return { principal, secret: { ...secretInfo, secret } };
  }

  async get(caller: Caller, id: string): Promise<Principal> {
    const principal = await this.principals.byId(id);
    const home = principal?.homeSubscriptionId;
    // What lies in a subscription the caller knows nothing of does not exist for the caller.
    if (!principal || !home || principal.tenantId !== caller.tenantId || !(await this.#sees(caller, home))) throw notFound(id);
    await this.#requireOwner(caller, home);
    return principal;
  }

  async update(caller: Caller, id: string, change: ServicePrincipalPatch): Promise<Principal> {
    await this.#managed(caller, id);
    await this.principals.update(id, change);
    return this.get(caller, id);
  }

  /** Says whether there was one; one the caller knows nothing of is as absent as one that never was. */
  async delete(caller: Caller, id: string): Promise<boolean> {
    try {
      await this.#managed(caller, id);
    } catch (error) {
      if (isFault(error, 'PrincipalNotFound')) return false;
      throw error;
    }
    return this.principals.remove(id);
  }

  async secrets(caller: Caller, id: string): Promise<SecretInfo[]> {
    await this.get(caller, id);
    return this.principals.secrets(id);
  }

  async addSecret(caller: Caller, id: string, wanted: SecretPost): Promise<IssuedSecret> {
    await this.#managed(caller, id);
    return this.principals.addSecret(id, {
      displayName: wanted.displayName,
      ...(wanted.expiresOn !== undefined && { expiresAt: expiry(wanted.expiresOn, 'expiresOn') }),
    });
  }

  /** Says whether there was one. */
  async removeSecret(caller: Caller, id: string, secretId: string): Promise<boolean> {
    await this.#managed(caller, id);
    return this.principals.removeSecret(id, secretId);
  }

  /** The principal, if the caller may act for it. */
  async #managed(caller: Caller, id: string): Promise<Principal> {
    const principal = await this.get(caller, id);
    for (const { scope } of await this.roles.ofPrincipal(principal.id)) {
      if (!(await this.roles.actionsAt(caller.principalId, scope)).allows(manage)) throw notAuthorized(caller, manage, scope);
    }
    return principal;
  }

  async #sees(caller: Caller, subscriptionId: string): Promise<boolean> {
    return this.roles.sees(caller.principalId, `/subscriptions/${subscriptionId}`);
  }

  async #requireOwner(caller: Caller, subscriptionId: string): Promise<void> {
    const scope = `/subscriptions/${subscriptionId}`;
    const subscription = await this.control.subscriptions.byId(subscriptionId);
    if (subscription?.tenantId !== caller.tenantId || !(await this.#sees(caller, subscriptionId))) {
      throw new Fault('SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`);
    }
    if (!(await this.roles.actionsAt(caller.principalId, scope)).allows(manage)) throw notAuthorized(caller, manage, scope);
  }
}

function notFound(id: string): Fault {
  return new Fault('PrincipalNotFound', `No service principal has the object id '${id.slice(0, 64)}'.`);
}

function expiry(text: string, target: string): Date {
  const date = new Date(text);
  const life = date.getTime() - Date.now();
  if (life > 0 && life <= longestLifeMs) return date;
  throw new Fault('InvalidParameter', `${target} must be a time to come, at most ten years from now.`, { target });
}
