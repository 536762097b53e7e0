import type { EntityList, MigrationList } from '#lib/platform';
import { InstallationEntity } from './bootstrap/installation.entity.js';
import { SigningKeyEntity } from './keys/signing-key.entity.js';
import { Identity1764000100000 } from './migrations/20261123-identity.js';
import { RoleAssignmentsResourceId1764100300000 } from './migrations/20261124-access-resource-id.js';
import { SignIns1764100400000 } from './migrations/20261124-door-sign-ins.js';
import { ClientSecretEntity } from './principals/client-secret.entity.js';
import { PrincipalEntity } from './principals/principal.entity.js';
import { SignInFailureEntity } from './principals/sign-in-failure.entity.js';
import { RoleAssignmentEntity } from './roles/role-assignment.entity.js';

export { type Bootstrap, type BootstrapParts, type BootstrapWish, ensureBootstrap } from './bootstrap/ensure-bootstrap.js';
export type { Claims, Expected, RegisteredClaims } from './keys/claims.js';
export type { PublicJwk } from './keys/compact-jws.js';
export { KeyRing, type KeyRingOptions } from './keys/key-ring.js';
export type { RotationSchedule } from './keys/signing-keys.table.js';
export { type Verified, VerifiedTokens, type VerifiedTokensOptions } from './keys/verified-tokens.js';
export type { IssuedSecret, NewPrincipal, Principal, SecretCheck, SecretInfo } from './principals/principal.js';
export { Principals, type PrincipalsOptions } from './principals/principals.js';
export {
  type AllowedActions,
  type AssignOptions,
  type RoleAssignment,
  RoleAssignments,
  type RoleAssignmentsOptions,
  roleNameOf,
} from './roles/role-assignments.js';
export type { AroundScope } from './roles/role-assignments.table.js';
export { isFor, issuedAudience, loginServerAudience, managementAudiences, registryServiceAudience } from './tokens/audiences.js';
export { PrincipalTokens, type PrincipalTokensOptions, type TokenBearer } from './tokens/principal-tokens.js';

export const identityEntities: EntityList = [
  SigningKeyEntity,
  PrincipalEntity,
  ClientSecretEntity,
  SignInFailureEntity,
  RoleAssignmentEntity,
  InstallationEntity,
];
export const identityMigrations: MigrationList = [Identity1764000100000, RoleAssignmentsResourceId1764100300000, SignIns1764100400000];
