import { Fault } from '#lib/domain';

/** 404 as ARM words it for a group. */
export const resourceGroupNotFound = (name: string): Fault =>
  new Fault('ResourceGroupNotFound', `Resource group '${name.slice(0, 128)}' could not be found.`);

/** 404 as ARM words it for a resource. `path` is type and names after the provider, e.g. `registries/myreg`. */
export const resourceNotFound = (path: string, resourceGroup: string): Fault =>
  new Fault(
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerRegistry/${path.slice(0, 256)}' under resource group '${resourceGroup}' was not found. ` +
      'For more details please go to https://aka.ms/ARMResourceNotFoundFix',
  );
