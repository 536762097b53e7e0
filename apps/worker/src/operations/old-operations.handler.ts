import { Injectable } from '@nestjs/common';
import { ControlStore } from '#lib/control';
import type { JobHandler } from '#lib/platform';
import { forgetOldOperations } from './operations.jobs.js';

/** How long a client may still ask how an operation ended. */
const keptDays = 7;
const batch = 1_000;

/** Keeps the table of operations from growing for ever, a batch at a time. */
@Injectable()
export class OldOperationsHandler implements JobHandler<Record<string, never>> {
  readonly job = forgetOldOperations;

  constructor(private readonly control: ControlStore) {}

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const before = new Date(Date.now() - keptDays * 86_400_000);
    while (!signal.aborted && (await this.control.operations.forgetEnded(before, batch)) === batch);
  }
}
