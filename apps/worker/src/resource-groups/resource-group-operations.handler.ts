import { Injectable } from '@nestjs/common';
import { ControlStore, finishResourceGroupDeletion } from '#lib/control';
import type { JobHandler } from '#lib/platform';
import { resumeResourceGroupDeletions } from './resource-groups.jobs.js';

/** An operation younger than this is in good hands. */
const patienceSeconds = 120;
const batch = 200;

/** Sees to it that every deletion of a group ends, whatever happened to its job. */
@Injectable()
export class ResourceGroupOperationsHandler implements JobHandler<Record<string, never>> {
  readonly job = resumeResourceGroupDeletions;

  constructor(private readonly control: ControlStore) {}

  async run(): Promise<void> {
    const before = new Date(Date.now() - patienceSeconds * 1_000);
    const waiting = await this.control.operations.underWaySince(before, batch, ['DeleteResourceGroup']);
    for (const { id, targetId } of waiting) {
      // An equal job that waits already makes this one nothing: jobs have keys.
      await this.control.transaction((store) => store.outbox.add(finishResourceGroupDeletion, { groupId: targetId, operationId: id }));
    }
  }
}
