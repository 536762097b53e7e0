import { apiVersions, usualVersion, type ApiArea } from '#lib/arm';
import { regionDisplayName } from '#lib/domain';
import type { ProviderView } from './provider.schemas.js';

interface TypeRow {
  type: string;
  area: ApiArea;
  /** Whether it lives in a region. */
  regional?: boolean;
  capabilities?: string;
}

const tracked = 'SupportsTags, SupportsLocation';

/** Every resource provider and what it answers for. */
export const providers: Readonly<Record<string, readonly TypeRow[]>> = {
  'Microsoft.Authorization': [
    { type: 'roleAssignments', area: 'authorization' },
    { type: 'roleDefinitions', area: 'authorization' },
  ],
  'Microsoft.ContainerRegistry': [
    { type: 'registries', area: 'registries', regional: true, capabilities: tracked },
    { type: 'registries/privateEndpointConnections', area: 'registries' },
    { type: 'registries/privateLinkResources', area: 'registries' },
    { type: 'registries/replications', area: 'registries', regional: true, capabilities: tracked },
    { type: 'registries/operationStatuses', area: 'operations' },
    { type: 'registries/operationResults', area: 'operations' },
    { type: 'locations', area: 'operations' },
    { type: 'locations/operationResults', area: 'operations' },
    { type: 'checkNameAvailability', area: 'registries' },
    { type: 'operations', area: 'registries' },
  ],
  'Microsoft.Resources': [
    { type: 'tags', area: 'resources' },
    { type: 'tenants', area: 'subscriptions' },
    { type: 'subscriptions', area: 'subscriptions' },
    { type: 'subscriptions/locations', area: 'subscriptions' },
    { type: 'subscriptions/providers', area: 'resources' },
    { type: 'subscriptions/resources', area: 'resources' },
    { type: 'subscriptions/resourceGroups', area: 'resources', capabilities: tracked },
    { type: 'subscriptions/operationresults', area: 'resourceOperations' },
  ],
};

/** A provider as it is answered; registered everywhere, since nothing here needs to be switched on. */
export function renderProvider(namespace: string, regions: readonly string[], subscriptionId?: string): ProviderView {
  return {
    id: subscriptionId === undefined ? `/providers/${namespace}` : `/subscriptions/${subscriptionId}/providers/${namespace}`,
    namespace,
    registrationState: 'Registered',
    registrationPolicy: namespace === 'Microsoft.ContainerRegistry' ? 'RegistrationRequired' : 'RegistrationFree',
    resourceTypes: (providers[namespace] ?? []).map(({ type, area, regional, capabilities }) => ({
      resourceType: type,
      locations: regional ? regions.map(regionDisplayName) : [],
      apiVersions: [...apiVersions[area]].sort().reverse(),
      defaultApiVersion: usualVersion(area),
      capabilities: capabilities ?? 'None',
    })),
  };
}

/** The provider's own casing of a namespace; undefined when there is none of that name. */
export const namespaceOf = (text: string): string | undefined =>
  Object.keys(providers).find((known) => known.toLowerCase() === text.toLowerCase());
