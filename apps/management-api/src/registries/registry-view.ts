import { etagOf, renderResource } from '#lib/arm';
import { registryId, type RegistryEntity } from '#lib/control';
import { skuRow } from '#lib/domain';
import { regionalHostNames } from './registry-hosts.js';
import { registry } from './registry.resource.js';
import { knows, shown } from './registry-versions.js';

/** A registry as a client of one api-version sees it. Every default is spelled out, as ACR does. */
export function renderRegistry(row: RegistryEntity, version: string, suffix: string) {
  const hosts = regionalHostNames(row, suffix);
  const properties = {
    loginServer: `${row.loginLabel}.${suffix}`,
    creationDate: row.createdAt.toISOString(),
    provisioningState: row.provisioningState,
    ...shown(version, row.settings),
    // Below the SKUs that have them, ACR shows no rules; a client that saw some would try to remove them.
    ...(!skuRow(row.sku).ipAccessRules && { networkRuleSet: undefined }),
    ...(knows(version, 'dataEndpointEnabled') && { dataEndpointHostNames: hosts.data, privateEndpointConnections: [] }),
    ...(knows(version, 'regionalEndpoints') && { regionalEndpointHostNames: hosts.regional }),
  };
  const { name, location, tags, systemData } = row;
  const sku = { name: row.sku, tier: row.sku };
  const identity = row.identity && knows(version, 'identity') ? { identity: row.identity } : {};
  return renderResource(registry, { id: registryId(row), name, location, tags, sku, ...identity, systemData }, properties);
}

export const registryEtag = (row: RegistryEntity): string => etagOf(row.id, row.version);
