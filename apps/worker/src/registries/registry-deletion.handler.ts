import { Injectable } from '@nestjs/common';

import { ControlStore, finishRegistryDeletion, registryId as armId, sweepAfterSeconds, sweepDeletedRegistry } from '#lib/control';
import { RoleAssignments } from '#lib/identity';
import type { JobHandler, Payload } from '#lib/platform';
import { RegionalContent } from '../content/regional-content.js';

/**
 * Removes what a registry holds, then the registry together with every role at it. Every step may be repeated: a worker that
 * dies in the middle is followed by one that begins again and finds less to do.
 */
@Injectable()
export class RegistryDeletionHandler implements JobHandler<Payload<typeof finishRegistryDeletion>> {
  readonly job = finishRegistryDeletion;

  constructor(
    private readonly control: ControlStore,
    private readonly content: RegionalContent,
    private readonly roles: RoleAssignments,
  ) {}

  async run({ registryId, operationId }: Payload<typeof finishRegistryDeletion>, signal: AbortSignal): Promise<void> {
    const row = await this.control.registries.byId(registryId);
    // The row goes last: while it is there, there may be something left. Without it, only the operation can be.
    if (row?.provisioningState === 'Deleting') {
      await this.content.deleteAllOfRegistry(registryId, signal);
      signal.throwIfAborted();
    }
    await this.control.transaction(async (store, manager) => {
      if (row && (await store.registries.delete(registryId))) {
        // With the row: from then on the name, and with it the scope, may be another registry's.
        await this.roles.resourceGone(armId(row), registryId, manager);
        await store.announceRegistry(row);
        await store.outbox.add(sweepDeletedRegistry, { registryId }, { delaySeconds: sweepAfterSeconds });
      }
      await store.operations.succeed(operationId);
    });
  }

  /** The registry stays as it is, being deleted: another DELETE begins anew. */
  async gaveUp({ operationId }: Payload<typeof finishRegistryDeletion>, error: Error): Promise<void> {
    await this.control.operations.fail(operationId, {
      code: 'RegistryDeletionFailed',
      message: `The registry could not be deleted completely: ${error.name}. Delete it again.`,
    });
  }
}
