/** Every name that stands in a path, and what it must look like. */
export const pathParameters: Readonly<Record<string, { description: string; schema: Record<string, unknown> }>> = {
  subscriptionId: { description: 'Id of the subscription.', schema: { type: 'string', format: 'uuid' } },
  resourceGroupName: {
    description: 'Name of the resource group; compared without regard to case.',
    schema: { type: 'string', minLength: 1, maxLength: 90, pattern: String.raw`^[-\p{L}\p{N}_.()]+$` },
  },
  registryName: {
    description: 'Name of the registry; compared without regard to case.',
    schema: { type: 'string', minLength: 5, maxLength: 50, pattern: '^[a-zA-Z0-9]*$' },
  },
  replicationName: {
    description: 'Name of the replication: its region.',
    schema: { type: 'string', minLength: 5, maxLength: 50, pattern: '^[a-zA-Z0-9]*$' },
  },
  privateEndpointConnectionName: { description: 'Name of the private endpoint connection.', schema: { type: 'string' } },
  groupName: { description: 'Name of the private link resource.', schema: { type: 'string', example: 'registry' } },
  roleAssignmentName: { description: 'Name of the role assignment: a GUID.', schema: { type: 'string', format: 'uuid' } },
  roleDefinitionId: { description: 'Name of the role definition: a GUID.', schema: { type: 'string', format: 'uuid' } },
  servicePrincipalId: { description: 'Object id of the service principal.', schema: { type: 'string', format: 'uuid' } },
  secretId: { description: 'Id of the secret.', schema: { type: 'string', format: 'uuid' } },
  location: { description: 'A region of this installation.', schema: { type: 'string' } },
  operationId: { description: 'Name of the operation, from Azure-AsyncOperation or Location.', schema: { type: 'string' } },
  childType: { description: 'Collection in the registry, e.g. webhooks.', schema: { type: 'string' } },
  childName: { description: 'Name in that collection.', schema: { type: 'string' } },
  resourceProviderNamespace: {
    description: 'Namespace of the resource provider.',
    schema: { type: 'string', example: 'Microsoft.ContainerRegistry' },
  },
};
