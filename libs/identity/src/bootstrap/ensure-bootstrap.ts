import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Principals } from '../principals/principals.js';
import type { RoleAssignments } from '../roles/role-assignments.js';
import { InstallationEntity } from './installation.entity.js';

export interface BootstrapParts {
  dataSource: DataSource;
  principals: Principals;
  roleAssignments: RoleAssignments;
}

export interface BootstrapWish {
  /** What the credentials file says now; absent when there is none. If it no longer opens the door, a new secret is issued. */
  credentials?: { clientId: string; clientSecret: string };
  /** True if a new secret can be kept: one that ends soon is then renewed. */
  mayRenew?: boolean;
  /** Ids to use if this is the first start; otherwise they are made up. */
  tenantId?: string;
  subscriptionId?: string;
}

export interface Bootstrap {
  tenantId: string;
  subscriptionId: string;
  /** Object id of the first principal, Owner of the first subscription. */
  principalId: string;
  clientId: string;
  /**
   * Only when it was made now: on the first start, and when the credentials file was lost or is not of this database.
   * Absent with `isNew` false: the file is right as it is, or an operator has disabled or deleted the first principal.
   */
  clientSecret?: string;
  isNew: boolean;
}

const secretName = 'bootstrap';
const secretsKept = 5;
const day = 86_400_000;
const secretLifeMs = 365 * day;
/** A start in the last two months of a secret renews it, where the caller can keep the new one. */
const renewedBeforeMs = 60 * day;

/**
 * Makes sure that somebody can sign in: the first tenant, subscription and principal, once for ever, whoever starts first and
 * however many start at once. The caller writes the rows of tenant and subscription where they live, and the credentials file.
 */
export async function ensureBootstrap(parts: BootstrapParts, wish: BootstrapWish = {}): Promise<Bootstrap> {
  const made = await makeFirst(parts, wish);
  if (made) return made;
  const { tenantId, subscriptionId, principalId, clientId } = await parts.dataSource
    .getRepository(InstallationEntity)
    .findOneByOrFail({ id: 1 });
  const ids = { tenantId, subscriptionId, principalId, clientId, isNew: false };
  const principal = await parts.principals.byId(principalId);
  if (!principal?.enabled) return ids; // An operator closed this door on purpose: it stays closed.
  if (wish.credentials && (await opens(parts.principals, wish.credentials, principalId))) {
    if (!wish.mayRenew || !(await endsSoon(parts.principals, principalId))) return ids;
  }
  return { ...ids, clientSecret: await issueAgain(parts.principals, principalId) };
}

/** A new secret; of those issued here before, the newest few stay, because another machine may hold them. */
async function issueAgain(principals: Principals, principalId: string): Promise<string> {
  const before = (await principals.secrets(principalId)).filter((secret) => secret.displayName === secretName);
  for (const old of before.slice(0, -(secretsKept - 1))) await principals.removeSecret(principalId, old.id);
  const issued = await principals.addSecret(principalId, { displayName: secretName, expiresAt: new Date(Date.now() + secretLifeMs) });
  return issued.secret;
}

/** True if the newest secret that was issued here ends soon. */
async function endsSoon(principals: Principals, principalId: string): Promise<boolean> {
  const issued = (await principals.secrets(principalId)).filter((secret) => secret.displayName === secretName);
  return issued.every(({ expiresAt }) => expiresAt.getTime() - Date.now() < renewedBeforeMs);
}

async function opens(principals: Principals, { clientId, clientSecret }: { clientId: string; clientSecret: string }, principalId: string) {
  const principal = await principals.checkSecret(clientId, clientSecret, 'bootstrap');
  return principal?.id === principalId;
}

async function makeFirst({ dataSource, principals, roleAssignments }: BootstrapParts, wish: BootstrapWish): Promise<Bootstrap | null> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('identity.installation', 0))`);
    if (await manager.existsBy(InstallationEntity, { id: 1 })) return null;
    const tenantId = wish.tenantId ?? randomUUID();
    const subscriptionId = wish.subscriptionId ?? randomUUID();
    const { principal, secret } = await principals.create(
      {
        tenantId,
        displayName: 'bootstrap',
        homeSubscriptionId: subscriptionId,
        secretName,
        secretExpiresAt: new Date(Date.now() + secretLifeMs),
      },
      manager,
    );
    await roleAssignments.assign(principal.id, 'Owner', `/subscriptions/${subscriptionId}`, {}, manager);
    await manager.insert(InstallationEntity, {
      id: 1,
      tenantId,
      subscriptionId,
      principalId: principal.id,
      clientId: principal.clientId,
      createdAt: new Date(),
    });
    return { tenantId, subscriptionId, principalId: principal.id, clientId: principal.clientId, clientSecret: secret, isNew: true };
  });
}
