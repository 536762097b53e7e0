import { Injectable } from '@nestjs/common';
import { ControlStore, finishRegistryCreation, finishRegistryDeletion, type OperationEntity } from '#lib/control';
import type { JobHandler } from '#lib/platform';
import { resumeRegistryOperations } from './registries.jobs.js';

/** Operations younger than this still have a live job. */
const patienceSeconds = 120;

/** Which job ends which kind of operation. */
const endings = new Map([
  ['CreateRegistry', finishRegistryCreation],
  ['DeleteRegistry', finishRegistryDeletion],
]);

/** Re-queues every registry operation whose job was lost. */
@Injectable()
export class RegistryOperationsHandler implements JobHandler<Record<string, never>> {
  readonly job = resumeRegistryOperations;

  constructor(private readonly control: ControlStore) {}

  async run(): Promise<void> {
    const before = new Date(Date.now() - patienceSeconds * 1_000);
    const waiting = this.control.operations.underWaySince(before, [...endings.keys()]);
    for await (const operation of waiting) await this.#resume(operation);
  }

  // Adding a job that is already waiting or running does nothing: jobs have keys.
  async #resume({ id, kind, targetId }: OperationEntity): Promise<void> {
    await this.control.outbox.add(endings.get(kind)!, { registryId: targetId, operationId: id });
  }
}
