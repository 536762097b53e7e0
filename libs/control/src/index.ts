import type { EntityList, MigrationList } from '#lib/platform';
import { Registries1764000200100 } from './migrations/20261123-registries.js';
import { RegistriesAsTheyAre1764000300400 } from './migrations/20261124-clients-registries-as-they-are.js';
import { OperationsStartedBy1764100200000 } from './migrations/20261124-operations-started-by.js';
import { OperationsUnderWay1764100900000 } from './migrations/20261124-canary-operations-under-way.js';
import { Subscriptions1764000200000 } from './migrations/20261123-subscriptions.js';
import { OperationEntity } from './operations/operation.entity.js';
import { RegistryEntity } from './registries/registry.entity.js';
import { ResourceGroupEntity } from './resource-groups/resource-group.entity.js';
import { SubscriptionEntity } from './subscriptions/subscription.entity.js';
import { TenantEntity } from './tenants/tenant.entity.js';

export * from './control-store.js';
export * from './operations/operation.entity.js';
export * from './operations/operations.table.js';
export * from './registries/registry-settings.js';
export * from './registries/registry-id.js';
export * from './registries/registry-changed.js';
export * from './registries/registries.jobs.js';
export * from './registries/registries.table.js';
export * from './registries/registry-creation.js';
export * from './registries/registry-deletion.js';
export * from './registries/registry.entity.js';
export { type Reach, reachOf } from './snapshots/reach.js';
export * from './snapshots/registries-in-reach.js';
export * from './snapshots/registry-snapshot.js';
export * from './snapshots/registry-snapshots.js';
export { readSnapshot, snapshotOf } from './snapshots/snapshot.query.js';
export * from './resource-groups/resource-group.entity.js';
export * from './resource-groups/resource-groups.jobs.js';
export * from './resource-groups/resource-groups.table.js';
export * from './subscriptions/subscription.entity.js';
export * from './subscriptions/subscriptions.table.js';
export * from './tenants/tenant.entity.js';
export * from './tenants/tenants.table.js';

/** Every table of schema `control`. */
export const controlEntities: EntityList = [TenantEntity, SubscriptionEntity, ResourceGroupEntity, OperationEntity, RegistryEntity];
/** How schema `control` came to be, oldest first. */
export const controlMigrations: MigrationList = [
  Subscriptions1764000200000,
  Registries1764000200100,
  RegistriesAsTheyAre1764000300400,
  OperationsStartedBy1764100200000,
  OperationsUnderWay1764100900000,
];
