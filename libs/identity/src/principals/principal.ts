import type { ClientSecretEntity } from './client-secret.entity.js';
import type { PrincipalEntity } from './principal.entity.js';

/** A service principal, as the rest of the service sees it. */
export interface Principal {
  /** The object id: what roles are assigned to. */
  id: string;
  /** The application (client) id: what one signs in with. */
  clientId: string;
  tenantId: string;
  displayName: string;
  /** The subscription whose Owners look after this principal; null: nobody does by the API. */
  homeSubscriptionId: string | null;
  enabled: boolean;
  createdAt: Date;
}

/** What may be shown of a secret. */
export interface SecretInfo {
  id: string;
  displayName: string;
  hint: string;
  createdAt: Date;
  expiresAt: Date;
}

/** A secret just made: the only moment at which its text is known. */
export interface IssuedSecret extends SecretInfo {
  secret: string;
}

export interface NewPrincipal {
  tenantId: string;
  displayName: string;
  homeSubscriptionId?: string;
  secretName?: string;
  secretExpiresAt?: Date;
}

/** What came of checking a secret. `expired` is only ever said to who knows the secret. */
export type SecretCheck = { outcome: 'ok'; principal: Principal } | { outcome: 'wrong' } | { outcome: 'expired' };

/** A row without what nobody else may see. */
export function view(row: PrincipalEntity): Principal {
  const { id, clientId, tenantId, displayName, homeSubscriptionId, enabled, createdAt } = row;
  return { id, clientId, tenantId, displayName, homeSubscriptionId, enabled, createdAt };
}

export function secretInfo(row: ClientSecretEntity): SecretInfo {
  const { id, displayName, hint, createdAt, expiresAt } = row;
  return { id, displayName, hint, createdAt, expiresAt };
}
