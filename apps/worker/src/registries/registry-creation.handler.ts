import { Injectable } from '@nestjs/common';
import { ControlStore, finishRegistryCreation } from '#lib/control';
import type { JobHandler, Payload } from '#lib/platform';

/** Brings a registry to life: from then on the data plane serves it. */
@Injectable()
export class RegistryCreationHandler implements JobHandler<Payload<typeof finishRegistryCreation>> {
  readonly job = finishRegistryCreation;

  constructor(private readonly control: ControlStore) {}

  async run({ registryId, operationId }: Payload<typeof finishRegistryCreation>): Promise<void> {
    await this.control.transaction(async (store) => {
      const row = await store.registries.lockedById(registryId);
      if (!row || row.provisioningState === 'Deleting') {
        // Deleted while the job waited: there is nothing left to bring to life.
        await store.operations.cancel(operationId, {
          code: 'OperationCanceled',
          message: 'The registry was deleted before it was created.',
        });
        return;
      }
      if (row.provisioningState === 'Creating') {
        await store.registries.change(row, { provisioningState: 'Succeeded' });
        await store.announceRegistry(row);
      }
      await store.operations.succeed(operationId);
    });
  }

  /** Nobody may wait for ever: what could not be finished says so, and can be deleted or put again. */
  async gaveUp({ registryId, operationId }: Payload<typeof finishRegistryCreation>, error: Error): Promise<void> {
    await this.control.transaction(async (store) => {
      const row = await store.registries.lockedById(registryId);
      if (row?.provisioningState === 'Creating') await store.registries.change(row, { provisioningState: 'Failed' });
      if (row) await store.announceRegistry(row);
      await store.operations.fail(operationId, {
        code: 'RegistryCreationFailed',
        message: `The registry could not be created: ${error.name}.`,
      });
    });
  }
}
