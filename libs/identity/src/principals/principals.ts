import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { Fault } from '#lib/domain';
import type { Broadcast } from '#lib/platform';
import type { ClientSecretEntity } from './client-secret.entity.js';
import { FailureLimiter } from './failure-limiter.js';
import type { PrincipalEntity } from './principal.entity.js';
import { type IssuedSecret, type NewPrincipal, type Principal, type SecretCheck, secretInfo, type SecretInfo, view } from './principal.js';
import { nobody, PrincipalsTable, principalsChannel } from './principals.table.js';
import { RightSecrets, ScryptQueue } from './secret-checks.js';
import { hashesMatch, newSalt, newSecret } from './secret-hash.js';

export interface PrincipalsOptions {
  dataSource: DataSource;
  broadcast: Broadcast;
  /** Wrong secrets allowed within a minute: for one principal from one address, and from one address altogether. */
  failuresPerMinute?: { ofOne: number; from: number };
  now?: () => number;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const rememberedMs = 60_000;
const secretLifeMs = 2 * 365 * 86_400_000;
const maxSecrets = 20;
const maxSecretLength = 512;

/** Service principals and their secrets. */
export class Principals {
  readonly #table: PrincipalsTable;
  readonly #broadcast: Broadcast;
  readonly #now: () => number;
  readonly #right: RightSecrets<Principal>;
  readonly #scrypt = new ScryptQueue();
  readonly #inFlight = new Map<string, Promise<SecretCheck>>();
  readonly #failuresOfOne: FailureLimiter;
  readonly #failuresFrom: FailureLimiter;
  #unsubscribe: (() => void) | undefined;

  constructor(options: PrincipalsOptions) {
    this.#table = new PrincipalsTable(options.dataSource, options.broadcast);
    this.#broadcast = options.broadcast;
    this.#now = options.now ?? Date.now;
    this.#right = new RightSecrets(this.#now);
    const { ofOne, from } = options.failuresPerMinute ?? { ofOne: 10, from: 100 };
    this.#failuresOfOne = new FailureLimiter({ failures: ofOne, windowSeconds: 60, remembered: 20_000 }, this.#now);
    this.#failuresFrom = new FailureLimiter({ failures: from, windowSeconds: 60, remembered: 20_000 }, this.#now);
  }

  /** Listens for changes made by other processes. Without it they are seen after at most 60 seconds. */
  async start(): Promise<void> {
    if (this.#unsubscribe) return;
    this.#broadcast.onReconnect(() => this.#right.clear());
    this.#unsubscribe = await this.#broadcast.subscribe(principalsChannel, (clientId) => this.#right.forget(clientId));
  }

  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /**
   * The principal this secret belongs to, or null. Costs the same whether the principal exists or not. `from` is where the
   * request comes from (an address): failures are then counted for the pair, so that nobody can lock out somebody else.
   * @throws Fault `TooManyRequests` (detail: `{ retryAfterSeconds }`) after too many failures.
   */
  async checkSecret(clientId: string, secret: string, from?: string): Promise<Principal | null> {
    const check = await this.check(clientId, secret, from);
    return check.outcome === 'ok' ? check.principal : null;
  }

  /** As `checkSecret`, and tells an expired secret from a wrong one. */
  async check(clientId: string, secret: string, from = ''): Promise<SecretCheck> {
    const id = clientId.toLowerCase().slice(0, 64);
    const name = this.#right.nameOf(id, secret);
    const known = this.#right.get(name);
    if (known) return { outcome: 'ok', principal: known };
    const pair = `${from}|${id}`;
    this.#requireCalm(this.#failuresOfOne.waitSeconds(pair), from === '' ? 0 : this.#failuresFrom.waitSeconds(from));
    let flight = this.#inFlight.get(name);
    if (!flight) {
      flight = this.#look(id, secret, name).finally(() => this.#inFlight.delete(name));
      this.#inFlight.set(name, flight);
    }
    const check = await flight;
    if (check.outcome === 'wrong') {
      this.#failuresOfOne.failed(pair);
      if (from !== '') this.#failuresFrom.failed(from);
    }
    return check;
  }

  async byId(id: string): Promise<Principal | null> {
    const row = uuid.test(id.toLowerCase()) ? await this.#table.byId(id.toLowerCase()) : null;
    return row && view(row);
  }

  async byClientId(clientId: string): Promise<Principal | null> {
    const row = uuid.test(clientId.toLowerCase()) ? await this.#table.byClientId(clientId.toLowerCase()) : null;
    return row && view(row);
  }

  /** One page of the principals a subscription looks after, by id, after the id `after`. */
  async list(homeSubscriptionId: string, limit: number, after?: string): Promise<Principal[]> {
    return (await this.#table.page(homeSubscriptionId.toLowerCase(), limit, after)).map(view);
  }

  /** The first principal that was made for a subscription. Null if it has none. */
  async oldest(homeSubscriptionId: string): Promise<Principal | null> {
    const row = await this.#table.oldest(homeSubscriptionId.toLowerCase());
    return row && view(row);
  }

  /** Makes a service principal with its first secret, which is not shown again. */
  async create(wanted: NewPrincipal, manager?: EntityManager): Promise<{ principal: Principal; secret: string; secretInfo: SecretInfo }> {
    const now = new Date(this.#now());
    const row: PrincipalEntity = {
      id: randomUUID(),
      clientId: randomUUID(),
      tenantId: wanted.tenantId,
      displayName: wanted.displayName,
      homeSubscriptionId: wanted.homeSubscriptionId?.toLowerCase() ?? null,
      secretSalt: newSalt(),
      enabled: true,
      createdAt: now,
    };
    const { text, stored } = await this.#newSecret(row, wanted.secretName ?? 'first', wanted.secretExpiresAt);
    const id = await this.#table.insert(row, stored, manager);
    return { principal: view(row), secret: text, secretInfo: secretInfo({ ...stored, id, principalId: row.id }) };
  }

  /** One more secret for a principal, beside those it has: how secrets are rotated without a gap. */
  async addSecret(principalId: string, wanted: { displayName: string; expiresAt?: Date }): Promise<IssuedSecret> {
    const row = await this.#require(principalId);
    if ((await this.#table.secrets(row.id)).length >= maxSecrets) {
      throw new Fault('Conflict', `A service principal has at most ${maxSecrets} secrets. Delete one first.`);
    }
    const { text, stored } = await this.#newSecret(row, wanted.displayName, wanted.expiresAt);
    const id = await this.#table.addSecret(row, stored);
    return { ...secretInfo({ ...stored, id, principalId: row.id }), secret: text };
  }

  async secrets(principalId: string): Promise<SecretInfo[]> {
    const row = await this.#require(principalId);
    return (await this.#table.secrets(row.id)).map(secretInfo);
  }

  /** From now on the secret opens nothing, in every process. Says whether there was one. */
  async removeSecret(principalId: string, secretId: string): Promise<boolean> {
    const row = await this.#require(principalId);
    const was = uuid.test(secretId.toLowerCase()) && (await this.#table.removeSecret(row, secretId.toLowerCase()));
    this.#right.forget(row.clientId);
    return was;
  }

  /**
   * Renames, disables or enables. A disabled principal keeps its secrets and roles but cannot sign in, and the tokens it has
   * open nothing. The last Owner of a subscription cannot be disabled.
   */
  async update(principalId: string, change: { displayName?: string; enabled?: boolean }): Promise<void> {
    const row = await this.#require(principalId);
    if (Object.keys(change).length > 0) await this.#table.update(row, change);
    this.#right.forget(row.clientId);
  }

  /** Removes a principal with its secrets and roles. Says whether there was one. */
  async remove(principalId: string): Promise<boolean> {
    const row = uuid.test(principalId.toLowerCase()) ? await this.#table.byId(principalId.toLowerCase()) : null;
    if (!row) return false;
    await this.#table.remove(row);
    this.#right.forget(row.clientId);
    return true;
  }

  /** One query, one scrypt, one comparison per secret: for nobody, for somebody with no secret, for somebody with many. */
  async #look(clientId: string, secret: string, name: string): Promise<SecretCheck> {
    const generation = this.#right.generation;
    const stored = await this.#table.credentials(uuid.test(clientId) ? clientId : nobody);
    const salt = stored.principal?.secretSalt ?? this.#right.saltOfNobody(clientId);
    const hash = await this.#scrypt.hash(secret.slice(0, maxSecretLength), salt);
    let match: ClientSecretEntity | undefined;
    for (const candidate of stored.secrets) if (hashesMatch(candidate.hash, hash)) match = candidate;
    if (!stored.principal?.enabled || !match || !isPlain(secret)) return { outcome: 'wrong' };
    const now = this.#now();
    if (match.expiresAt.getTime() <= now) return { outcome: 'expired' };
    const principal = view(stored.principal);
    const until = Math.min(now + rememberedMs, match.expiresAt.getTime());
    if (this.#right.generation === generation) this.#right.set(name, clientId, principal, until);
    return { outcome: 'ok', principal };
  }

  async #newSecret(
    row: PrincipalEntity,
    displayName: string,
    expiresAt: Date | undefined,
  ): Promise<{ text: string; stored: Omit<ClientSecretEntity, 'id' | 'principalId'> }> {
    const text = newSecret();
    const createdAt = new Date(this.#now());
    const stored = {
      displayName,
      hash: await this.#scrypt.hash(text, row.secretSalt),
      hint: text.slice(0, 3),
      createdAt,
      expiresAt: expiresAt ?? new Date(createdAt.getTime() + secretLifeMs),
    };
    return { text, stored };
  }

  async #require(principalId: string): Promise<PrincipalEntity> {
    const row = uuid.test(principalId.toLowerCase()) ? await this.#table.byId(principalId.toLowerCase()) : null;
    if (!row) throw new Fault('PrincipalNotFound', `No service principal has the object id '${principalId}'.`);
    return row;
  }

  #requireCalm(...waits: number[]): void {
    const retryAfterSeconds = Math.max(...waits);
    if (retryAfterSeconds === 0) return;
    throw new Fault('TooManyRequests', `Too many failed sign-ins. Try again in ${retryAfterSeconds} seconds.`, {
      detail: { retryAfterSeconds },
    });
  }
}

/** scrypt begins with HMAC, which takes a secret and the same secret followed by NULs for one: such a text is never right. */
function isPlain(secret: string): boolean {
  return secret.length <= maxSecretLength && !secret.includes('\0');
}
