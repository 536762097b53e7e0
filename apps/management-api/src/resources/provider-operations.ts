const provider = 'Microsoft.ContainerRegistry';

interface OperationRow {
  resource: string;
  operation: string;
  description: string;
  isDataAction?: true;
}

/** Actions a role can allow, by what they are called after the provider (acr-control-plane §5.1; azure-docs permissions/containers). */
const rows: Readonly<Record<string, OperationRow>> = {
  'checkNameAvailability/read': {
    resource: 'Check name availability',
    operation: 'Check name availability',
    description: 'Checks whether a registry name is available.',
  },
  'locations/operationResults/read': {
    resource: 'Operation result',
    operation: 'Get operation result',
    description: 'Gets the result of an asynchronous operation.',
  },
  'operations/read': { resource: 'Operations', operation: 'List operations', description: 'Lists the operations of the provider.' },
  'register/action': { resource: 'Registration', operation: 'Register', description: 'Registers the subscription for the provider.' },
  'unregister/action': {
    resource: 'Registration',
    operation: 'Unregister',
    description: 'Unregisters the subscription from the provider.',
  },
  'registries/read': { resource: 'Container registry', operation: 'Get container registry', description: 'Gets or lists registries.' },
  'registries/write': {
    resource: 'Container registry',
    operation: 'Create or update container registry',
    description: 'Creates or updates a registry.',
  },
  'registries/delete': { resource: 'Container registry', operation: 'Delete container registry', description: 'Deletes a registry.' },
  'registries/operationStatuses/read': {
    resource: 'Operation status',
    operation: 'Get operation status',
    description: 'Gets where an asynchronous operation on a registry stands.',
  },
  'registries/listCredentials/action': {
    resource: 'Container registry',
    operation: 'List credentials',
    description: 'Lists the login credentials of a registry.',
  },
  'registries/regenerateCredential/action': {
    resource: 'Container registry',
    operation: 'Regenerate credential',
    description: 'Makes one of the login passwords of a registry new.',
  },
  'registries/listUsages/read': {
    resource: 'Container registry',
    operation: 'List usages',
    description: 'Lists what a registry uses of its quotas.',
  },
  'registries/replications/read': {
    resource: 'Container registry replication',
    operation: 'Get container registry replication',
    description: 'Gets or lists the regions a registry is in.',
  },
  'registries/privateEndpointConnections/read': {
    resource: 'Private endpoint connection',
    operation: 'Get private endpoint connection',
    description: 'Gets or lists the private endpoint connections of a registry.',
  },
  'registries/privateLinkResources/read': {
    resource: 'Private link resource',
    operation: 'Get private link resource',
    description: 'Gets or lists what of a registry a private endpoint can connect to.',
  },
  'registries/pull/read': { resource: 'Container registry', operation: 'Pull', description: 'Pulls artifacts from a registry.' },
  'registries/push/write': { resource: 'Container registry', operation: 'Push', description: 'Pushes artifacts to a registry.' },
  'registries/artifacts/delete': {
    resource: 'Container registry artifact',
    operation: 'Delete artifact',
    description: 'Deletes artifacts of a registry.',
  },
  'registries/catalog/read': {
    resource: 'Container registry catalog',
    operation: 'List repositories',
    description: 'Lists the repositories of a registry.',
    isDataAction: true,
  },
  'registries/repositories/content/read': {
    resource: 'Repository content',
    operation: 'Read repository content',
    description: 'Pulls artifacts from a repository.',
    isDataAction: true,
  },
  'registries/repositories/content/write': {
    resource: 'Repository content',
    operation: 'Write repository content',
    description: 'Pushes artifacts to a repository.',
    isDataAction: true,
  },
  'registries/repositories/content/delete': {
    resource: 'Repository content',
    operation: 'Delete repository content',
    description: 'Deletes artifacts of a repository.',
    isDataAction: true,
  },
  'registries/repositories/metadata/read': {
    resource: 'Repository metadata',
    operation: 'Read repository metadata',
    description: 'Reads tags and attributes of a repository.',
    isDataAction: true,
  },
  'registries/repositories/metadata/write': {
    resource: 'Repository metadata',
    operation: 'Write repository metadata',
    description: 'Writes attributes of a repository.',
    isDataAction: true,
  },
  'registries/repositories/metadata/delete': {
    resource: 'Repository metadata',
    operation: 'Delete repository metadata',
    description: 'Deletes attributes of a repository.',
    isDataAction: true,
  },
};

/** What `GET /providers/Microsoft.ContainerRegistry/operations` answers. */
export const providerOperations = Object.entries(rows).map(([name, { resource, operation, description, isDataAction = false }]) => ({
  name: `${provider}/${name}`,
  origin: 'user,system',
  isDataAction,
  display: { provider: 'Microsoft Container Registry', resource, operation, description },
}));
