import { Injectable } from '@nestjs/common';
import { ControlStore, finishRegistryCreation, finishRegistryDeletion, type OperationEntity } from '#lib/control';
import type { JobHandler } from '#lib/platform';
import { resumeRegistryOperations } from './registries.jobs.js';

/** An operation younger than this is in good hands. */
const patienceSeconds = 120;
const batch = 200;

/** Which job ends which kind of operation. */
const endings: Readonly<Record<string, typeof finishRegistryCreation>> = {
  CreateRegistry: finishRegistryCreation,
  DeleteRegistry: finishRegistryDeletion,
};

/** Sees to it that every registry operation ends, whatever happened to its job. */
@Injectable()
export class RegistryOperationsHandler implements JobHandler<Record<string, never>> {
  readonly job = resumeRegistryOperations;

  constructor(private readonly control: ControlStore) {}

  async run(): Promise<void> {
    const before = new Date(Date.now() - patienceSeconds * 1_000);
    const waiting = await this.control.operations.underWaySince(before, batch);
    for (const operation of waiting) await this.#resume(operation);
  }

  // An equal job that waits or runs already makes this one nothing: jobs have keys.
  async #resume({ id, kind, targetId }: OperationEntity): Promise<void> {
    const job = endings[kind];
    if (!job) return;
    await this.control.transaction((store) => store.outbox.add(job, { registryId: targetId, operationId: id }));
  }
}
