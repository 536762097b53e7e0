import type { RegistrySnapshot } from '#lib/control';
import type { Scope } from '#lib/domain';
import { isFault } from '#lib/domain';
import type { Call } from '../edge/call.js';
import { type AccessToken, RegistryTokens, type Subject } from '../tokens/registry-tokens.js';
import { type AccessEntry, allows, grant } from './access.js';
import { adminHolds } from './admin-account.js';
import { presentedCredentials } from './authorization-header.js';
import type { CredentialScope } from './credentials.js';
import { Credentials, tokenUser } from './credentials.js';
import { requireLetIn } from './firewall.js';
import { Refused } from './refused.js';
import { allowsAnonymousPull, Rights } from './rights.js';
import { acceptsSignIn } from './sign-ins.js';

/** What a request needs: what the challenge asks for, and which of its actions are enough (any one). */
export interface Need {
  scope: Scope;
  anyOf: readonly string[];
  /** What it can do without, and does better with: asked for as well, and insisted on where the caller could have it. */
  wish?: Scope | null;
}

/** Where the request wants in. `registry` is null for `/v2/` and its catalog in path style, which are about no registry in particular. */
export interface Door {
  audience: string;
  registry: RegistrySnapshot | null;
  credentials: CredentialScope;
}

/** Who is at the door, once let in. */
export interface Caller {
  subject: Subject;
  may(type: string, name: string, action: string): boolean;
}

/** The one guard of `/v2` and `/acr/v1`: a bearer token (no I/O) or Basic credentials. */
export class Gate {
  constructor(
    private readonly tokens: RegistryTokens,
    private readonly credentials: Credentials,
    private readonly rights: Rights,
  ) {}

  /**
   * @throws Refused when there are no credentials, when they are not good, or when they are not enough.
   * @throws Fault `Denied` when the registry's network rules keep the caller out.
   */
  async admit(call: Call, door: Door, need: Need | null): Promise<Caller> {
    if (door.registry) requireLetIn(door.registry, call.clientAddress);
    const scopes = need ? [need.scope, ...(need.wish ? [need.wish] : [])] : [];
    const presented = presentedCredentials(call.request.headers.authorization);
    if (presented.kind === 'none') throw new Refused(scopes);
    if (presented.kind === 'unreadable') throw new Refused(scopes, 'invalid_token');
    const caller =
      presented.kind === 'bearer'
        ? this.#bearer(presented.token, door, scopes)
        : await this.#basic(presented.user, presented.password, call, door, scopes);
    if (need && !(await this.#suffices(caller, door, need))) throw new Refused(scopes, 'insufficient_scope');
    return caller;
  }

  async #suffices(caller: Caller, { registry }: Door, { scope, anyOf, wish }: Need): Promise<boolean> {
    const may =
      ({ type, name }: Scope) =>
      (action: string) =>
        caller.may(type, name, action);
    if (!anyOf.some(may(scope))) return false;
    if (!wish || !registry || wish.actions.every(may(wish))) return true;
    // Who would get no better token is not sent for one: the client would ask in a circle.
    return grant(wish, await this.rights.of(caller.subject, registry)).actions.length < wish.actions.length;
  }

  #bearer(token: string, door: Door, scopes: readonly Scope[]): Caller {
    const read = this.#read(token, scopes);
    if (!holds(read, door)) throw new Refused(scopes, 'invalid_token');
    return callerWith(read.subject, read.access);
  }

  #read(token: string, scopes: readonly Scope[]): AccessToken {
    try {
      return this.tokens.readAccess(token);
    } catch (error) {
      if (isFault(error, 'InvalidToken')) throw new Refused(scopes, 'invalid_token');
      throw error;
    }
  }

  async #basic(user: string, password: string, call: Call, door: Door, scopes: readonly Scope[]): Promise<Caller> {
    const subject = await this.credentials.subject(user, password, { ...door.credentials, from: call.clientAddress });
    // The null user may also bring an access token (the "single repository scope" form of ACR's documentation).
    if (!subject && user === tokenUser) return this.#bearer(password, door, scopes);
    if (!subject) throw new Refused(scopes);
    const rights = await this.rights.of(subject, door.registry);
    return { subject, may: (type, name, action) => allows([grant({ type, name, actions: [action] }, rights)], type, name, action) };
  }
}

function callerWith(subject: Subject, access: readonly AccessEntry[]): Caller {
  return { subject, may: (type, name, action) => allows(access, type, name, action) };
}

/** A good signature is not all: the token must be for this registry as it is now, and what it was issued on must still stand. */
function holds(token: AccessToken, { audience, registry }: Door): boolean {
  if (token.audience !== audience) return false;
  if (!registry) return true;
  if (!token.registries.includes(registry.id)) return false;
  switch (token.subject.kind) {
    case 'admin':
      return adminHolds(registry, token.subject);
    case 'anonymous':
      return allowsAnonymousPull(registry);
    case 'principal':
      return acceptsSignIn(registry, token.subject);
  }
}
