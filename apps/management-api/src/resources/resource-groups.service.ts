import { Inject, Injectable } from '@nestjs/common';
import { etagOf, parseFilter, requirePreconditions, requireSameResource, resourceGroupId, sliceOf, type Slice, type Tags } from '#lib/arm';
import { ControlStore, finishResourceGroupDeletion, type OperationEntity, type ResourceGroupEntity, type TagFilter } from '#lib/control';
import { Fault, resourceGroupNamePattern } from '#lib/domain';
import { resourceGroupNotFound } from '../arm-http/not-found.js';
import type { ArmCall } from '../arm-http/arm-call.js';
import type { PageRequest } from '../arm-http/pages.js';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import type { ResourceGroupPatch, ResourceGroupPut, ResourceGroupView } from './resource-group.schemas.js';

const resourceGroupType = 'Microsoft.Resources/resourceGroups';

/** Resource groups: one method per verb. */
@Injectable()
export class ResourceGroupsService {
  constructor(
    private readonly control: ControlStore,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  async get(call: ArmCall, name: string): Promise<ResourceGroupEntity> {
    const group = await this.control.resourceGroups.byName(call.subscription!.id, name);
    if (!group) throw resourceGroupNotFound(name);
    return group;
  }

  async list(call: ArmCall, { limit, after }: PageRequest, filter: unknown): Promise<Slice<ResourceGroupEntity>> {
    const tag = tagFilterOf(filter);
    const rows = await this.control.resourceGroups.ofSubscription(call.subscription!.id, {
      limit: limit + 1,
      ...(after && { afterKey: String(after[0]) }),
      ...(tag && { tag }),
    });
    return sliceOf(rows, limit, (row) => [row.nameKey]);
  }

  /** Makes the group, or gives the one there is these tags; its location stays. */
  async put(call: ArmCall, name: string, body: ResourceGroupPut): Promise<{ group: ResourceGroupEntity; isNew: boolean }> {
    requireGroupName(name);
    requireSameResource(body, { id: resourceGroupId(call.subscription!.id, name), name, type: resourceGroupType });
    const regions = this.config.REGATTA_REGIONS;
    return this.control.transaction(async ({ resourceGroups }) => {
      const subscriptionId = call.subscription!.id;
      const there = await resourceGroups.locked(subscriptionId, name);
      requirePreconditions(call.preconditions, there && etagOfGroup(there));
      const wanted = { name, tags: body.tags ?? {}, managedBy: body.managedBy ?? null };
      if (there) return { group: await this.#replace(resourceGroups, there, wanted, body.location), isNew: false };
      if (!regions.includes(body.location)) {
        throw new Fault(
          'ResourceGroupLocationNotAvailable',
          `The provided location '${body.location}' is not available for resource group. List of available regions is '${regions.join(',')}'.`,
          { target: 'location' },
        );
      }
      const group = await resourceGroups.insert({ ...wanted, subscriptionId, location: body.location });
      if (group) return { group, isNew: true };
      // Somebody made it between our look and our insert: theirs is there now.
      const theirs = await resourceGroups.locked(subscriptionId, name);
      if (!theirs) throw new Fault('Conflict', `The resource group '${name}' was made and deleted by somebody else meanwhile; try again.`);
      requirePreconditions(call.preconditions, etagOfGroup(theirs));
      return { group: await this.#replace(resourceGroups, theirs, wanted, body.location), isNew: false };
    });
  }

  async patch(call: ArmCall, name: string, body: ResourceGroupPatch): Promise<ResourceGroupEntity> {
    return this.control.transaction(async ({ resourceGroups }) => {
      const group = await resourceGroups.locked(call.subscription!.id, name);
      if (!group) throw resourceGroupNotFound(name);
      requirePreconditions(call.preconditions, etagOfGroup(group));
      requireSameResource(body, {
        id: resourceGroupId(group.subscriptionId, group.name),
        name: group.name,
        type: resourceGroupType,
        location: group.location,
      });
      requireAlive(group);
      const change = {
        ...(body.tags !== undefined && { tags: body.tags ?? {} }),
        ...(body.managedBy !== undefined && { managedBy: body.managedBy }),
      };
      return changed(await resourceGroups.change(group, change));
    });
  }

  /** Gives the group the tags that `change` makes of those it has. */
  tag(call: ArmCall, change: (present: Tags) => Tags): Promise<ResourceGroupEntity> {
    const { name } = call.resourceGroup!;
    return this.control.transaction(async ({ resourceGroups }) => {
      const group = await resourceGroups.locked(call.subscription!.id, name);
      if (!group) throw resourceGroupNotFound(name);
      requireAlive(group);
      return changed(await resourceGroups.change(group, { tags: change(group.tags) }));
    });
  }

  /** Begins to delete the group; asked again, it answers with the operation under way. */
  async delete(call: ArmCall, name: string): Promise<OperationEntity> {
    return this.control.transaction(async ({ resourceGroups, operations, outbox }) => {
      const group = await resourceGroups.locked(call.subscription!.id, name);
      if (!group) throw resourceGroupNotFound(name);
      requirePreconditions(call.preconditions, etagOfGroup(group));
      const underWay = group.provisioningState === 'Deleting' ? await operations.underWay(group.id) : null;
      if (underWay) return underWay;
      const operation = await operations.start({
        kind: 'DeleteResourceGroup',
        status: 'Deleting',
        prefix: 'resourcegroups',
        tenantId: call.caller.tenantId,
        subscriptionId: group.subscriptionId,
        resourceId: resourceGroupId(group.subscriptionId, group.name),
        targetId: group.id,
        startedBy: call.caller.principalId,
      });
      await resourceGroups.change(group, { provisioningState: 'Deleting' });
      await outbox.add(finishResourceGroupDeletion, { groupId: group.id, operationId: operation.id });
      return operation;
    });
  }

  async #replace(
    table: ControlStore['resourceGroups'],
    there: ResourceGroupEntity,
    wanted: Pick<ResourceGroupEntity, 'name' | 'tags' | 'managedBy'>,
    location: string,
  ): Promise<ResourceGroupEntity> {
    requireAlive(there);
    if (there.location !== location) {
      throw new Fault(
        'ResourceGroupLocationImmutable',
        `Invalid resource group location '${location}'. The Resource group already exists in location '${there.location}'.`,
        { target: 'location' },
      );
    }
    return changed(await table.change(there, wanted));
  }
}

/** A group on the wire. */
export function renderGroup(row: ResourceGroupEntity): ResourceGroupView {
  return {
    id: resourceGroupId(row.subscriptionId, row.name),
    name: row.name,
    type: resourceGroupType,
    location: row.location,
    ...(row.managedBy !== null && { managedBy: row.managedBy }),
    tags: row.tags,
    properties: { provisioningState: row.provisioningState },
  };
}

export const etagOfGroup = (row: ResourceGroupEntity): string => etagOf(row.id, row.version);

/** Nothing can be made in a group that is going. */
export function requireAlive(group: ResourceGroupEntity): void {
  if (group.provisioningState !== 'Deleting') return;
  throw new Fault(
    'ResourceGroupBeingDeleted',
    `The resource group '${group.name}' is in deprovisioning state and cannot perform this operation.`,
  );
}

function requireGroupName(name: string): void {
  if (resourceGroupNamePattern.test(name)) return;
  throw new Fault(
    'InvalidResourceGroupName',
    `The provided resource group name '${name.slice(0, 128)}' is not valid: it has 1 to 90 letters, digits and characters of - _ ( ) . and does not end in a dot.`,
    { target: 'resourceGroupName' },
  );
}

// The row is locked: if it has changed all the same, something is wrong with us.
function changed(row: ResourceGroupEntity | null): ResourceGroupEntity {
  if (!row) throw new Error('A locked resource group was changed by somebody else.');
  return row;
}

/** `tagName eq 'x' and tagValue eq 'y'`: the only filter there is on groups. */
export function tagFilterOf(filter: unknown): TagFilter | undefined {
  const comparisons = parseFilter(filter, ['tagName', 'tagValue']);
  const name = comparisons.find(({ field }) => field === 'tagName');
  const value = comparisons.find(({ field }) => field === 'tagValue');
  if (comparisons.length === 0) return undefined;
  if (!name || comparisons.length > 2 || comparisons.some(({ operator }) => operator !== 'eq')) {
    throw new Fault('InvalidFilter', "The $filter must be tagName eq 'name', or tagName eq 'name' and tagValue eq 'value'.", {
      target: '$filter',
    });
  }
  return { name: name.value, ...(value && { value: value.value }) };
}
