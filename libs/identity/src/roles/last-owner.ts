import { In, type EntityManager } from 'typeorm';
import { Fault, roles } from '#lib/domain';
import { PrincipalEntity } from '../principals/principal.entity.js';
import { RoleAssignmentEntity } from './role-assignment.entity.js';

const wholeSubscription = /^\/subscriptions\/[^/]+$/;

/**
 * A subscription never loses its last Owner: nobody could assign one again. Locks the Owners of each subscription the principal
 * owns, so that of two who go at the same time the second sees that the first has gone.
 * @throws Fault `Conflict`
 */
export async function requireOtherOwners(manager: EntityManager, principalId: string): Promise<void> {
  const owned = await manager.findBy(RoleAssignmentEntity, { principalId, roleDefinitionId: roles.Owner.id });
  const scopes = owned.map((row) => row.scopeKey).filter((key) => wholeSubscription.test(key));
  for (const scopeKey of scopes.sort()) await requireOtherOwner(manager, principalId, scopeKey);
}

/** The same for one scope; a scope that is no whole subscription needs no Owner of its own. */
export async function requireOtherOwner(manager: EntityManager, principalId: string, scopeKey: string): Promise<void> {
  if (!wholeSubscription.test(scopeKey)) return;
  const owners = await manager.find(RoleAssignmentEntity, {
    where: { scopeKey, roleDefinitionId: roles.Owner.id },
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
  const others = owners.map((row) => row.principalId).filter((id) => id !== principalId);
  if (others.length > 0 && (await manager.existsBy(PrincipalEntity, { id: In(others), enabled: true }))) return;
  throw new Fault('Conflict', `'${principalId}' is the last Owner of '${scopeKey}'. Assign the role Owner to somebody else first.`);
}
