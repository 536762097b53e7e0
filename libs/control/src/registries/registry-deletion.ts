import type { ControlStore } from '../control-store.js';
import type { OperationEntity } from '../operations/operation.entity.js';
import { finishRegistryDeletion } from './registries.jobs.js';
import type { RegistryEntity } from './registry.entity.js';
import { registryId } from './registry-id.js';

/**
 * Begins to delete a registry: from now on nobody can use it, and a worker removes the rest. Of a registry that is being
 * deleted already it gives the operation under way. `row` must be locked in the transaction of `store`.
 */
export async function beginRegistryDeletion(store: ControlStore, row: RegistryEntity, startedBy: string | null): Promise<OperationEntity> {
  if (row.provisioningState === 'Deleting') {
    const underWay = await store.operations.underWay(row.id);
    if (underWay?.kind === 'DeleteRegistry') return underWay;
  }
  const operation = await store.operations.start({
    kind: 'DeleteRegistry',
    status: 'Deleting',
    prefix: 'registries',
    tenantId: row.tenantId,
    subscriptionId: row.subscriptionId,
    resourceId: registryId(row),
    targetId: row.id,
    startedBy,
  });
  if (row.provisioningState !== 'Deleting') await store.registries.change(row, { provisioningState: 'Deleting' });
  await store.announceRegistry(row);
  await store.outbox.add(finishRegistryDeletion, { registryId: row.id, operationId: operation.id });
  return operation;
}
