import { registryResourceType, type ControlStore, type ResourceGroupEntity } from '#lib/control';
import { Fault, regionDisplayName, registryNamePattern, skuNames, type SkuName } from '#lib/domain';
import type { ArmCall } from '../arm-http/arm-call.js';
import { resourceGroupNotFound, resourceNotFound } from '../arm-http/not-found.js';

/** The group of the URL, kept from being deleted while something is made in it. */
export async function heldGroup(store: ControlStore, call: ArmCall): Promise<ResourceGroupEntity> {
  const { name } = call.resourceGroup!;
  const group = await store.resourceGroups.held(call.subscription!.id, name);
  if (!group) throw resourceGroupNotFound(name);
  if (group.provisioningState === 'Deleting') {
    throw new Fault(
      'ResourceGroupBeingDeleted',
      `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
    );
  }
  return group;
}

/** Throws unless the name could be a registry's. */
export function requireRegistryName(name: string): void {
  if (registryNamePattern.test(name)) return;
  throw new Fault(
    'InvalidResourceName',
    `The registry name '${name.slice(0, 64)}' is invalid: it must have 5 to 50 letters and digits and nothing else.`,
    {
      target: 'registryName',
    },
  );
}

/** Throws unless the location is a region of the installation. */
export function requireLocation(location: string, regions: readonly string[]): void {
  if (regions.includes(location)) return;
  throw new Fault(
    'LocationNotAvailable',
    `The provided location '${location}' is not available for resource type '${registryResourceType}'. ` +
      `List of available regions for the resource type is '${regions.map((region) => `${region} (${regionDisplayName(region)})`).join(', ')}'.`,
    { target: 'location' },
  );
}

/** The SKU, unless it is the one nobody gets any more. */
export function requireSku(name: SkuName | 'Classic'): SkuName {
  if (name !== 'Classic') return name;
  throw new Fault('SkuNotSupported', `The SKU Classic is no longer supported. Use one of ${skuNames.join(', ')}.`, { target: 'sku.name' });
}

/** 404 of a registry. */
export const registryNotFound = (call: ArmCall, name: string): Fault => resourceNotFound(`registries/${name}`, call.resourceGroup!.name);

/** 409 of a name that is another registry's, wherever that is. */
export const nameInUse = (name: string): Fault =>
  new Fault(
    'RegistryNameAlreadyInUse',
    `The registry name ${name} is already in use. You can check if the name is already claimed using following API: https://aka.ms/acr/check-name-availability`,
    { target: 'name' },
  );
