import type { ControlStore } from '../control-store.js';
import type { OperationEntity } from '../operations/operation.entity.js';
import { finishRegistryCreation } from './registries.jobs.js';
import type { RegistryEntity } from './registry.entity.js';
import { registryId } from './registry-id.js';

/** Begins to bring a registry to life that was written as Creating in the transaction of `store`; a worker finishes it. */
export async function beginRegistryCreation(store: ControlStore, row: RegistryEntity, startedBy: string | null): Promise<OperationEntity> {
  const operation = await store.operations.start({
    kind: 'CreateRegistry',
    status: 'Creating',
    prefix: 'registries',
    tenantId: row.tenantId,
    subscriptionId: row.subscriptionId,
    resourceId: registryId(row),
    targetId: row.id,
    startedBy,
  });
  await store.announceRegistry(row);
  await store.outbox.add(finishRegistryCreation, { registryId: row.id, operationId: operation.id });
  return operation;
}
