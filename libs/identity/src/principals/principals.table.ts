import { randomUUID } from 'node:crypto';
import { MoreThan, type DataSource, type EntityManager } from 'typeorm';
import type { Broadcast } from '#lib/platform';
import { requireOtherOwners } from '../roles/last-owner.js';
import { RoleAssignmentEntity } from '../roles/role-assignment.entity.js';
import { ClientSecretEntity } from './client-secret.entity.js';
import { PrincipalEntity } from './principal.entity.js';

/** Announces that a principal changed; the payload is its client id, in lower case. */
export const principalsChannel = 'principals-changed';
/** Announces that role assignments changed; the payload is the principal's object id. */
export const roleAssignmentsChannel = 'role-assignments-changed';

/** What a check of a secret needs to know: salt, hashes, and whom they belong to. */
export interface StoredCredentials {
  principal: PrincipalEntity | null;
  secrets: ClientSecretEntity[];
}

/** A client id that no principal has. Asked for in place of text that is not an id, so that the database does the same work. */
export const nobody = '00000000-0000-0000-0000-000000000000';

const principalColumns = `id, client_id AS "clientId", tenant_id AS "tenantId", display_name AS "displayName",
  home_subscription_id AS "homeSubscriptionId", encode(secret_salt, 'hex') AS "secretSalt", enabled, created_at AS "createdAt"`;
type Written<T> = { [K in keyof T]: T[K] extends Date | Buffer ? string : T[K] };
interface NearestCredentials {
  asked: string;
  principal: Written<PrincipalEntity>;
  secrets: Written<ClientSecretEntity>[];
}

/**
 * For each id the principal that has it, or else the next one: the time of an answer does not tell a client whether an id exists
 * (threat 27). One object per principal and secret, as JSON.
 */
const nearestCredentials = `
  SELECT asked.id AS asked, to_json(p) AS principal, (
    SELECT coalesce(json_agg(s ORDER BY s."createdAt", s.id), '[]') FROM (
      SELECT id, principal_id AS "principalId", display_name AS "displayName", encode(hash, 'hex') AS hash, hash_kind AS "hashKind", hint,
             created_at AS "createdAt", expires_at AS "expiresAt"
      FROM identity.client_secrets WHERE principal_id = p.id) s
  ) AS secrets
  FROM unnest($1::uuid[]) asked (id) CROSS JOIN LATERAL (
    (SELECT ${principalColumns} FROM identity.principals WHERE client_id >= asked.id ORDER BY client_id LIMIT 1)
    UNION ALL (SELECT ${principalColumns} FROM identity.principals ORDER BY client_id LIMIT 1)
    LIMIT 1
  ) p`;

/** `identity.principals` and `identity.client_secrets`. Every change is announced in the transaction that makes it. */
export class PrincipalsTable {
  readonly #data: DataSource;
  readonly #broadcast: Broadcast;

  constructor(data: DataSource, broadcast: Broadcast) {
    this.#data = data;
    this.#broadcast = broadcast;
  }

  async byId(id: string): Promise<PrincipalEntity | null> {
    return this.#data.getRepository(PrincipalEntity).findOneBy({ id });
  }

  async byClientId(clientId: string): Promise<PrincipalEntity | null> {
    return this.#data.getRepository(PrincipalEntity).findOneBy({ clientId });
  }

  /** One page of a subscription's principals in the order of their ids, after the id `after`. */
  async page(homeSubscriptionId: string, limit: number, after: string | undefined): Promise<PrincipalEntity[]> {
    const where = after === undefined ? { homeSubscriptionId } : { homeSubscriptionId, id: MoreThan(after) };
    return this.#data.getRepository(PrincipalEntity).find({ where, order: { id: 'ASC' }, take: limit });
  }

  /** The first principal of a subscription. */
  oldest(homeSubscriptionId: string): Promise<PrincipalEntity | null> {
    return this.#data.getRepository(PrincipalEntity).findOne({ where: { homeSubscriptionId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  /** The credentials of those that exist, by client id: always one statement, and as much work for an id that no principal has. */
  async credentials(clientIds: string[]): Promise<ReadonlyMap<string, StoredCredentials>> {
    const rows: NearestCredentials[] = await this.#data.query(nearestCredentials, [clientIds]);
    const found = new Map<string, StoredCredentials>();
    for (const { asked, principal, secrets } of rows) {
      const read = { principal: principalOf(principal), secrets: secrets.map(secretOf) };
      if (read.principal.clientId === asked) found.set(asked, read);
    }
    return found;
  }

  /** A principal's secrets, oldest first. */
  async secrets(principalId: string): Promise<ClientSecretEntity[]> {
    return this.#data.getRepository(ClientSecretEntity).find({ where: { principalId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  async insert(
    principal: PrincipalEntity,
    secret: Omit<ClientSecretEntity, 'id' | 'principalId'>,
    manager?: EntityManager,
  ): Promise<string> {
    const write = async (within: EntityManager): Promise<string> => {
      await within.insert(PrincipalEntity, principal);
      return insertSecret(within, principal.id, secret);
    };
    return manager ? write(manager) : this.#data.transaction(write);
  }

  /** Adds a secret; the principal must exist. */
  async addSecret(principal: PrincipalEntity, secret: Omit<ClientSecretEntity, 'id' | 'principalId'>): Promise<string> {
    return this.#data.transaction(async (manager) => {
      const id = await insertSecret(manager, principal.id, secret);
      await this.#broadcast.publish(manager, principalsChannel, principal.clientId);
      return id;
    });
  }

  /** Says whether there was such a secret. */
  async removeSecret(principal: PrincipalEntity, secretId: string): Promise<boolean> {
    return this.#data.transaction(async (manager) => {
      const { affected } = await manager.delete(ClientSecretEntity, { id: secretId, principalId: principal.id });
      await this.#broadcast.publish(manager, principalsChannel, principal.clientId);
      return affected === 1;
    });
  }

  /** Renames, disables or enables. Who is the last Owner of a subscription cannot be disabled. */
  async update(principal: PrincipalEntity, change: { displayName?: string; enabled?: boolean }): Promise<void> {
    await this.#data.transaction(async (manager) => {
      if (change.enabled === false) await requireOtherOwners(manager, principal.id);
      await manager.update(PrincipalEntity, { id: principal.id }, change);
      await this.#broadcast.publish(manager, principalsChannel, principal.clientId);
      await this.#broadcast.publish(manager, roleAssignmentsChannel, principal.id);
    });
  }

  /** Removes the principal with everything it has: secrets and roles. Not the last Owner of a subscription. */
  async remove(principal: PrincipalEntity): Promise<void> {
    await this.#data.transaction(async (manager) => {
      // Roles and secrets given to it meanwhile are either there by now, or find no principal any more.
      await manager.findOne(PrincipalEntity, { where: { id: principal.id }, lock: { mode: 'pessimistic_write' } });
      await requireOtherOwners(manager, principal.id);
      await manager.delete(RoleAssignmentEntity, { principalId: principal.id });
      await manager.delete(ClientSecretEntity, { principalId: principal.id });
      await manager.delete(PrincipalEntity, { id: principal.id });
      await this.#broadcast.publish(manager, principalsChannel, principal.clientId);
      await this.#broadcast.publish(manager, roleAssignmentsChannel, principal.id);
    });
  }
}

async function insertSecret(
  manager: EntityManager,
  principalId: string,
  secret: Omit<ClientSecretEntity, 'id' | 'principalId'>,
): Promise<string> {
  const id = randomUUID();
  await manager.insert(ClientSecretEntity, { ...secret, id, principalId });
  return id;
}

function principalOf(row: Written<PrincipalEntity>): PrincipalEntity {
  return { ...row, secretSalt: Buffer.from(row.secretSalt, 'hex'), createdAt: new Date(row.createdAt) };
}

function secretOf(row: Written<ClientSecretEntity>): ClientSecretEntity {
  return { ...row, hash: Buffer.from(row.hash, 'hex'), createdAt: new Date(row.createdAt), expiresAt: new Date(row.expiresAt) };
}
