import { Injectable } from '@nestjs/common';
import { ControlStore, finishResourceGroupDeletion } from '#lib/control';
import type { JobHandler } from '#lib/platform';
import { resumeResourceGroupDeletions } from './resource-groups.jobs.js';

/** Operations younger than this still have a live job. */
const patienceSeconds = 120;

/** Re-queues every deletion of a group whose job was lost. */
@Injectable()
export class ResourceGroupOperationsHandler implements JobHandler<Record<string, never>> {
  readonly job = resumeResourceGroupDeletions;

  constructor(private readonly control: ControlStore) {}

  async run(): Promise<void> {
    const before = new Date(Date.now() - patienceSeconds * 1_000);
    for await (const { id, targetId } of this.control.operations.underWaySince(before, ['DeleteResourceGroup'])) {
      // Adding a job that is already waiting or running does nothing: jobs have keys.
      await this.control.outbox.add(finishResourceGroupDeletion, { groupId: targetId, operationId: id });
    }
  }
}
