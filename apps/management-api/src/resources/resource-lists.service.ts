import { Injectable } from '@nestjs/common';
import { sliceOf, type Slice } from '#lib/arm';
import { ControlStore, registryId, registryResourceType, type RegistryEntity } from '#lib/control';
import { Fault } from '#lib/domain';
import type { ArmCall } from '../arm-http/arm-call.js';
import type { PageRequest } from '../arm-http/pages.js';
import { resourceFilterOf } from './resource-filter.js';
import type { ResourceView } from './resource-list.schemas.js';

const readAtOnce = 500;
const expandable = ['createdTime', 'changedTime', 'provisioningState'] as const;
type Expandable = (typeof expandable)[number];

/** Lists of resources of all kinds; the one kind there is are registries. */
@Injectable()
export class ResourceListsService {
  constructor(private readonly control: ControlStore) {}

  /** Resources of the call's subscription, or of its resource group, in the order of their names. */
  async list(call: ArmCall, { limit, after }: PageRequest, filterText: unknown): Promise<Slice<RegistryEntity>> {
    const filter = resourceFilterOf(filterText);
    const subscriptionId = call.subscription!.id;
    const group = call.resourceGroup?.name;
    if (filter.isEmpty) return { items: [] };
    if (filter.name !== undefined) {
      const row = await this.control.registries.byName(filter.name);
      const isHere = row?.subscriptionId === subscriptionId && (group === undefined || row.groupKey === group.toLowerCase());
      return { items: row && isHere && filter.matches(row) ? [row] : [] };
    }
    const found: RegistryEntity[] = [];
    let afterKey = after === undefined ? undefined : String(after[0]);
    while (found.length <= limit) {
      const rows = await this.control.registries.list(subscriptionId, { limit: readAtOnce, afterKey }, group);
      found.push(...rows.filter((row) => filter.matches(row)));
      afterKey = rows.at(-1)?.nameKey;
      if (rows.length < readAtOnce) break;
    }
    return sliceOf(found.slice(0, limit + 1), limit, (row) => [row.nameKey]);
  }
}

/** What `$expand` asks for. @throws Fault `InvalidParameter` for what cannot be expanded. */
export function expansionOf(text: unknown): Expandable[] {
  if (text === undefined) return [];
  const words = String(text)
    .split(',')
    .map((word) => word.trim());
  return words.map((word) => {
    const known = expandable.find((one) => one.toLowerCase() === word.toLowerCase());
    if (known) return known;
    throw new Fault('InvalidParameter', `'${word.slice(0, 40)}' cannot be expanded; $expand takes ${expandable.join(', ')}.`, {
      target: '$expand',
    });
  });
}

/** A registry as one of many resources. */
export function renderResourceRow(row: RegistryEntity, expand: readonly Expandable[]): ResourceView {
  const expanded = {
    createdTime: row.createdAt.toISOString(),
    changedTime: row.systemData.lastModifiedAt,
    provisioningState: row.provisioningState,
  };
  return {
    id: registryId(row),
    name: row.name,
    type: registryResourceType,
    location: row.location,
    sku: { name: row.sku, tier: row.sku },
    ...(row.identity && { identity: row.identity }),
    tags: row.tags,
    systemData: row.systemData,
    ...Object.fromEntries(expand.map((name) => [name, expanded[name]])),
  };
}
