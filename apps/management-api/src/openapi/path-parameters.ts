import { examplePlaces } from './examples.js';
import type { Place } from './place.js';

interface PathParameter {
  description: string;
  schema: Record<string, unknown>;
  example?: string | undefined;
}

/** Names have neither slashes nor control characters: nothing that is encoded in a path is read as part of it. */
export const namePattern = '^[^/\\\\\\x00-\\x1f\\x7f-\\x9f\u0130]+$';
const name = { type: 'string', minLength: 1, maxLength: 64, pattern: namePattern };
const uuid = { type: 'string', format: 'uuid' };

/** Every name that stands in a path, what it must look like, and what to try it with. */
export const pathParametersOf = ({ subscriptionId, regions }: Place, path: string): Readonly<Record<string, PathParameter>> => ({
  subscriptionId: { description: 'Id of the subscription.', schema: uuid, example: subscriptionId },
  resourceGroupName: {
    description: 'Name of the resource group; compared without regard to case.',
    // Letters of other alphabets by their range: a pattern must mean the same to engines that know no \p{L}.
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: 90,
      pattern: '^[-\\w.()\u00aa-\u012f\u0131-\uffdc]*[-\\w()\u00aa-\u012f\u0131-\uffdc]$',
    },
    example: examplePlaces.resourceGroupName,
  },
  registryName: {
    description: 'Name of the registry; compared without regard to case.',
    schema: { type: 'string', minLength: 5, maxLength: 50, pattern: '^[a-zA-Z0-9]+$' },
    example: examplePlaces.registryName,
  },
  replicationName: {
    description: 'Name of the replication: its region.',
    schema: { type: 'string', minLength: 5, maxLength: 50, pattern: '^[a-zA-Z0-9]+$' },
    example: regions[0],
  },
  privateEndpointConnectionName: { description: 'Name of the private endpoint connection.', schema: name },
  groupName: { description: 'Name of the private link resource.', schema: name, example: 'registry' },
  roleAssignmentName: {
    description: 'Name of the role assignment: a GUID.',
    schema: uuid,
    example: examplePlaces.roleAssignmentName(path),
  },
  roleDefinitionId: { description: 'Name of the role definition: a GUID.', schema: uuid, example: examplePlaces.roleDefinitionId },
  servicePrincipalId: { description: 'Object id of the service principal.', schema: uuid },
  secretId: { description: 'Id of the secret.', schema: uuid },
  location: { description: 'A region of this installation.', schema: { type: 'string', enum: [...regions] } },
  operationId: {
    description: 'Name of the operation, from Azure-AsyncOperation or Location.',
    schema: { ...name, maxLength: 128 },
  },
  childType: { description: 'Collection in the registry, e.g. webhooks.', schema: name },
  childName: { description: 'Name in that collection.', schema: name },
  resourceProviderNamespace: {
    description: 'Namespace of the resource provider.',
    schema: name,
    example: 'Microsoft.ContainerRegistry',
  },
});
