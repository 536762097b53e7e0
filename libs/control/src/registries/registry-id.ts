export const registryResourceType = 'Microsoft.ContainerRegistry/registries';

/** The ARM id of a registry. */
export function registryId(at: { subscriptionId: string; resourceGroup: string; name: string }): string {
  return `/subscriptions/${at.subscriptionId}/resourceGroups/${at.resourceGroup}/providers/${registryResourceType}/${at.name}`;
}
