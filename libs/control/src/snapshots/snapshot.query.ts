import type { SkuName } from '#lib/domain';
import type { PipelinedPool } from '#lib/platform';
import type { RegistryEntity } from '../registries/registry.entity.js';
import { registryId } from '../registries/registry-id.js';
import type { RegistrySnapshot } from './registry-snapshot.js';

/** What `snapshotOf` needs of `control.registries`. */
export const snapshotColumns = `id, tenant_id AS "tenantId", subscription_id AS "subscriptionId", resource_group AS "resourceGroup", name,
  login_label AS "loginLabel", sku, location, provisioning_state AS "provisioningState", settings, admin_passwords AS "adminPasswords", version`;

const statement = {
  name: 'registry-snapshot',
  text: `SELECT ${snapshotColumns} FROM control.registries WHERE name_key = $1 OR login_label = $1`,
};

/** Reads one registry by its name or login label, both in lower case. */
export async function readSnapshot(
  pool: Pick<PipelinedPool, 'query'>,
  key: string,
  loginServerSuffix: string,
): Promise<RegistrySnapshot | null> {
  const [row] = await pool.query<RegistryEntity>(statement, [key]);
  return row ? snapshotOf(row, loginServerSuffix) : null;
}

/** Leaves out what the data plane does not need, and what must not leave the control plane. */
export function snapshotOf(row: RegistryEntity, loginServerSuffix: string): RegistrySnapshot {
  const { settings } = row;
  return {
    id: row.id,
    name: row.name,
    loginServer: `${row.loginLabel}.${loginServerSuffix}`,
    tenantId: row.tenantId,
    subscriptionId: row.subscriptionId,
    resourceGroup: row.resourceGroup,
    resourceId: registryId(row),
    sku: row.sku as SkuName,
    location: row.location,
    regions: [row.location],
    provisioningState: row.provisioningState,
    adminUserEnabled: settings.adminUserEnabled,
    adminPasswords: row.adminPasswords.map(({ name, sha256 }) => ({ name, sha256 })),
    anonymousPullEnabled: settings.anonymousPullEnabled,
    dataEndpointEnabled: settings.dataEndpointEnabled,
    publicNetworkAccess: settings.publicNetworkAccess,
    networkRuleSet: settings.networkRuleSet,
    policies: settings.policies,
    roleAssignmentMode: settings.roleAssignmentMode,
    version: row.version,
  };
}
