import { Injectable } from '@nestjs/common';
import { resourceGroupId } from '#lib/arm';
import { beginRegistryDeletion, ControlStore, finishResourceGroupDeletion, lookAgainSeconds, type ResourceGroupEntity } from '#lib/control';
import { RoleAssignments } from '#lib/identity';
import type { JobHandler, Payload } from '#lib/platform';

const batch = 100;

/**
 * Deletes what is in a group, then the group. Registries go their own way (the job a DELETE of each would have begun); this
 * one looks again until none is left, so that a worker is never kept waiting.
 */
@Injectable()
export class ResourceGroupDeletionHandler implements JobHandler<Payload<typeof finishResourceGroupDeletion>> {
  readonly job = finishResourceGroupDeletion;

  constructor(
    private readonly control: ControlStore,
    private readonly roles: RoleAssignments,
  ) {}

  async run(payload: Payload<typeof finishResourceGroupDeletion>, signal: AbortSignal): Promise<void> {
    const { groupId, operationId } = payload;
    const group = await this.control.resourceGroups.byId(groupId);
    if (group?.provisioningState === 'Deleting') {
      const operation = await this.control.operations.byId(operationId);
      const left = await this.#deleteRegistries(group, operation?.startedBy ?? null, signal);
      if (left > 0) {
        await this.control.transaction((store) =>
          store.outbox.add(finishResourceGroupDeletion, payload, { delaySeconds: lookAgainSeconds }),
        );
        return;
      }
    }
    await this.control.transaction(async (store, manager) => {
      // With the row: from then on the name, and with it the scope, may be another group's.
      if (group && (await store.resourceGroups.delete(groupId))) {
        await this.roles.resourceGone(resourceGroupId(group.subscriptionId, group.name), groupId, manager);
      }
      await store.operations.succeed(operationId);
    });
  }

  /** The group stays as it is, being deleted: another DELETE begins anew. */
  async gaveUp({ operationId }: Payload<typeof finishResourceGroupDeletion>, error: Error): Promise<void> {
    await this.control.operations.fail(operationId, {
      code: 'ResourceGroupDeletionFailed',
      message: `The resource group could not be deleted completely: ${error.name}. Delete it again.`,
    });
  }

  /** Sees to it that every registry of the group is being deleted; how many are still there. */
  async #deleteRegistries(group: ResourceGroupEntity, startedBy: string | null, signal: AbortSignal): Promise<number> {
    let count = 0;
    let afterKey: string | undefined;
    for (;;) {
      const rows = await this.control.registries.list(group.subscriptionId, { limit: batch, afterKey }, group.name);
      for (const { id } of rows) {
        signal.throwIfAborted();
        await this.control.transaction(async (store) => {
          const row = await store.registries.lockedById(id);
          if (row) await beginRegistryDeletion(store, row, startedBy);
        });
      }
      count += rows.length;
      afterKey = rows.at(-1)?.nameKey;
      if (rows.length < batch) return count;
    }
  }
}
