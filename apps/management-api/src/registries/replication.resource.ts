import { z } from 'zod';
import { armResource, renderResource } from '#lib/arm';
import { registryId, type RegistryEntity } from '#lib/control';
import { skuRow } from '#lib/domain';
import { knows } from './registry-versions.js';

/** A replication on the wire. */
export const replication = armResource({
  type: 'Microsoft.ContainerRegistry/registries/replications',
  segment: 'replications',
  name: /^[a-z0-9]{5,50}$/i,
  title: 'Replication',
  tracked: true,
  properties: z.object({
    regionEndpointEnabled: z.boolean().default(true).meta({ description: 'Whether requests are routed to this region.' }),
    zoneRedundancy: z.enum(['Enabled', 'Disabled']).default('Disabled'),
  }),
  readOnly: z.object({
    provisioningState: z.enum(['Creating', 'Updating', 'Deleting', 'Succeeded', 'Failed', 'Canceled']),
    status: z.object({ displayStatus: z.string(), message: z.string(), timestamp: z.iso.datetime() }),
  }),
  notAlwaysShown: ['regionEndpointEnabled', 'zoneRedundancy'],
});

/** The regions a registry is in. Below the SKUs with geo-replication ACR lists none, else the home region is the first. */
export const replicatedRegions = (row: RegistryEntity): string[] => (skuRow(row.sku).geoReplication ? [row.location] : []);

/** The replication of a registry in its home region, which is there as long as the registry is. */
export function renderHomeReplication(row: RegistryEntity, version: string) {
  const { location, provisioningState, settings, systemData } = row;
  const ready = provisioningState === 'Succeeded';
  return renderResource(
    replication,
    { id: `${registryId(row)}/replications/${location}`, name: location, location, tags: {}, systemData },
    {
      provisioningState,
      status: {
        displayStatus: ready ? 'Ready' : provisioningState,
        message: ready ? 'The replication is ready.' : `The registry is in the state ${provisioningState}.`,
        timestamp: systemData.lastModifiedAt,
      },
      ...(knows(version, 'zoneRedundancy') && { regionEndpointEnabled: true, zoneRedundancy: settings.zoneRedundancy }),
    },
  );
}
