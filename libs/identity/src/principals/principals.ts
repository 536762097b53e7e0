import { randomUUID } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { Fault } from '#lib/domain';
import { addressGroup, type Broadcast } from '#lib/platform';
import type { ClientSecretEntity } from './client-secret.entity.js';
import { FailureLimiter } from './failure-limiter.js';
import { type FailureStore, PostgresFailureStore } from './failure-store.js';
import { GatheredReads } from './gathered-reads.js';
import type { PrincipalEntity } from './principal.entity.js';
import { type IssuedSecret, type NewPrincipal, type Principal, type SecretCheck, secretInfo, type SecretInfo, view } from './principal.js';
import { nobody, PrincipalsTable, principalsChannel, type StoredCredentials } from './principals.table.js';
import { digestOfSecret, newSalt, newSecret } from './secret-hash.js';
import { SecretMatcher } from './secret-matcher.js';

export interface PrincipalsOptions {
  dataSource: DataSource;
  broadcast: Broadcast;
  /** Wrong secrets for one principal from one address within a minute, before they are answered `TooManyRequests`. */
  failuresPerMinute?: number;
  /** Where failures are counted for all processes; `identity.sign_in_failures` unless told. */
  failures?: FailureStore;
  now?: () => number;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const secretLifeMs = 2 * 365 * 86_400_000;
const maxSecrets = 20;
/** Client ids whose credentials are read by one statement. */
const mostAtOnce = 1_000;

/** Service principals and their secrets. */
export class Principals {
  readonly #table: PrincipalsTable;
  readonly #broadcast: Broadcast;
  readonly #now: () => number;
  readonly #secrets: SecretMatcher;
  readonly #failures: FailureLimiter;
  #unsubscribe: (() => void) | undefined;

  constructor(options: PrincipalsOptions) {
    this.#table = new PrincipalsTable(options.dataSource, options.broadcast);
    this.#broadcast = options.broadcast;
    this.#now = options.now ?? Date.now;
    const reads = new GatheredReads<StoredCredentials>({
      read: (clientIds) => this.#table.credentials(clientIds),
      absent: { principal: null, secrets: [] },
      most: mostAtOnce,
    });
    const read = (clientId: string) => reads.read(uuid.test(clientId) ? clientId : nobody);
    this.#secrets = new SecretMatcher({ read, now: this.#now });
    const store = options.failures ?? new PostgresFailureStore(options.dataSource);
    const failures = options.failuresPerMinute ?? 10;
    this.#failures = new FailureLimiter({ failures, windowSeconds: 60, remembered: 20_000, store }, this.#now);
  }

  /** Listens for changes made by other processes. Without it they are seen after at most 60 seconds. */
  async start(): Promise<void> {
    if (this.#unsubscribe) return;
    this.#broadcast.onReconnect(() => this.#secrets.clear());
    this.#unsubscribe = await this.#broadcast.subscribe(principalsChannel, (clientId) => this.#secrets.forget(clientId));
  }

  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#failures.close();
  }

  /**
   * The principal this secret belongs to, or null. Costs the same whether the principal exists or not. `from` is the address the
   * request comes from. The right secret is accepted whatever else failed; failures are counted for the principal and the address.
   * @throws Fault `TooManyRequests` (detail: `{ retryAfterSeconds }`) for a wrong secret after too many.
   */
  async checkSecret(clientId: string, secret: string, from?: string): Promise<Principal | null> {
    const check = await this.check(clientId, secret, from);
    return check.outcome === 'ok' ? check.principal : null;
  }

  /** As `checkSecret`, and tells an expired secret from a wrong one. */
  async check(clientId: string, secret: string, from = ''): Promise<SecretCheck> {
    const id = clientId.toLowerCase().slice(0, 64);
    const attempt = digestOfSecret(`${addressGroup(from)}|${id}`).toString('base64url');
    const wait = this.#failures.waitSeconds(attempt);
    const { principal, match } = await this.#secrets.match(id, secret, wait > 0);
    if (!principal?.enabled || !match) {
      this.#failures.failed(attempt);
      if (wait > 0) throw tooMany(wait);
      return { outcome: 'wrong' };
    }
    if (match.expiresAt.getTime() <= this.#now()) return { outcome: 'expired' };
    return { outcome: 'ok', principal: view(principal) };
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
    const { text, stored } = this.#newSecret(wanted.secretName ?? 'first', wanted.secretExpiresAt);
    const id = await this.#table.insert(row, stored, manager);
    return { principal: view(row), secret: text, secretInfo: secretInfo({ ...stored, id, principalId: row.id }) };
  }

  /** One more secret for a principal, beside those it has: how secrets are rotated without a gap. */
  async addSecret(principalId: string, wanted: { displayName: string; expiresAt?: Date }): Promise<IssuedSecret> {
    const row = await this.#require(principalId);
    if ((await this.#table.secrets(row.id)).length >= maxSecrets) {
      throw new Fault('Conflict', `A service principal has at most ${maxSecrets} secrets. Delete one first.`);
    }
    const { text, stored } = this.#newSecret(wanted.displayName, wanted.expiresAt);
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
    this.#secrets.forget(row.clientId);
    return was;
  }

  /**
   * Renames, disables or enables. A disabled principal keeps its secrets and roles but cannot sign in, and the tokens it has
   * open nothing. The last Owner of a subscription cannot be disabled.
   */
  async update(principalId: string, change: { displayName?: string; enabled?: boolean }): Promise<void> {
    const row = await this.#require(principalId);
    if (Object.keys(change).length > 0) await this.#table.update(row, change);
    this.#secrets.forget(row.clientId);
  }

  /** Removes a principal with its secrets and roles. Says whether there was one. */
  async remove(principalId: string): Promise<boolean> {
    const row = uuid.test(principalId.toLowerCase()) ? await this.#table.byId(principalId.toLowerCase()) : null;
    if (!row) return false;
    await this.#table.remove(row);
    this.#secrets.forget(row.clientId);
    return true;
  }

  #newSecret(displayName: string, expiresAt: Date | undefined): { text: string; stored: Omit<ClientSecretEntity, 'id' | 'principalId'> } {
    const text = newSecret();
    const createdAt = new Date(this.#now());
    const stored = {
      displayName,
      hash: digestOfSecret(text),
      hashKind: 'sha256' as const,
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
}

function tooMany(retryAfterSeconds: number): Fault {
  return new Fault('TooManyRequests', `Too many failed sign-ins. Try again in ${retryAfterSeconds} seconds.`, {
    detail: { retryAfterSeconds },
  });
}
