import type { RegistrySnapshot } from '#lib/control';
import { actionMatches, type RoleName, roleNames, type RoleRow, roleAllowsData, roles, skuRow } from '#lib/domain';
import { RoleAssignments } from '#lib/identity';
import type { Subject } from '../tokens/registry-tokens.js';
import { anonymousRights, everyRight, hostRights, noRight, type Right } from './access.js';
import { adminHolds } from './admin-account.js';
import { acceptsSignIn } from './sign-ins.js';

const acr = 'Microsoft.ContainerRegistry/registries';

/** Registry permissions (role assignment mode `LegacyRegistryPermissions`): any of these management actions gives the right. */
const registryPermissions: Readonly<Record<Right, readonly string[]>> = {
  pull: [`${acr}/pull/read`],
  push: [`${acr}/push/write`],
  delete: [`${acr}/artifacts/delete`],
  metadata_read: [`${acr}/metadata/read`, `${acr}/pull/read`],
  metadata_write: [`${acr}/metadata/write`, `${acr}/push/write`],
  deleted_read: [`${acr}/deleted/read`],
  deleted_restore: [`${acr}/deleted/restore/action`],
  catalog: [`${acr}/catalog/read`, `${acr}/pull/read`],
  deleted_catalog: [`${acr}/deleted/read`],
};

/** Repository permissions (mode `AbacRepositoryPermissions`): data actions alone; owners and contributors get nothing from being that. */
const repositoryPermissions: Readonly<Record<Right, readonly string[]>> = {
  pull: [`${acr}/repositories/content/read`],
  push: [`${acr}/repositories/content/write`],
  delete: [`${acr}/repositories/content/delete`],
  metadata_read: [`${acr}/repositories/metadata/read`],
  metadata_write: [`${acr}/repositories/metadata/write`],
  deleted_read: [`${acr}/repositories/deleted/read`],
  deleted_restore: [`${acr}/repositories/deleted/restore/action`],
  catalog: [`${acr}/catalog/read`],
  deleted_catalog: [`${acr}/repositories/deleted/read`],
};

/** What somebody may do in a registry right now. */
export class Rights {
  constructor(private readonly assignments: RoleAssignments) {}

  /** `registry` is null for a host that is not a registry. */
  async of(subject: Subject, registry: RegistrySnapshot | null): Promise<ReadonlySet<Right>> {
    if (!registry) return subject.kind === 'anonymous' ? noRight : hostRights;
    switch (subject.kind) {
      case 'admin':
        return adminHolds(registry, subject) ? everyRight : noRight;
      case 'anonymous':
        return allowsAnonymousPull(registry) ? anonymousRights : noRight;
      case 'principal':
        if (!acceptsSignIn(registry, subject)) return noRight;
        return rightsFrom((await this.assignments.actionsAt(subject.principalId, registry.resourceId)).roles, registry.roleAssignmentMode);
    }
  }
}

/** Both the switch and the SKU: a registry that was downgraded may still carry the switch. */
export function allowsAnonymousPull(registry: RegistrySnapshot): boolean {
  return registry.anonymousPullEnabled && skuRow(registry.sku).anonymousPull;
}

/** True if a role lets its holder list some registry, in whichever mode. */
export function mayList(role: RoleName): boolean {
  return listing.has(role);
}

const modes = ['LegacyRegistryPermissions', 'AbacRepositoryPermissions'] as const;
const listing: ReadonlySet<RoleName> = new Set(roleNames.filter((role) => modes.some((mode) => rightsFrom([role], mode).has('catalog'))));

function rightsFrom(held: readonly RoleName[], mode: RegistrySnapshot['roleAssignmentMode']): ReadonlySet<Right> {
  const byRepository = mode === 'AbacRepositoryPermissions';
  const table = byRepository ? repositoryPermissions : registryPermissions;
  const allows = byRepository ? roleAllowsData : allowsOnRegistry;
  const rights = new Set<Right>();
  for (const [right, actions] of Object.entries(table) as [Right, readonly string[]][]) {
    if (held.some((name) => actions.some((action) => allows(roles[name], action)))) rights.add(right);
  }
  return rights;
}

/**
 * Whether a role gives a registry permission. Only patterns that mean registries, or everything, count: the management plane's
 * reader holds `*\/read` and must see no content (threat 15).
 */
function allowsOnRegistry(role: RoleRow, action: string): boolean {
  const meant = role.actions.filter((pattern) => pattern === '*' || pattern.startsWith('Microsoft.ContainerRegistry/'));
  return (
    meant.some((pattern) => actionMatches(pattern, action)) && !(role.notActions ?? []).some((pattern) => actionMatches(pattern, action))
  );
}
