import { Injectable } from '@nestjs/common';

import { ControlStore, sweepDeletedRegistry } from '#lib/control';
import type { JobHandler, Payload } from '#lib/platform';
import { RegionalContent } from '../content/regional-content.js';

/** Removes what a push under way left behind in a registry that was deleted meanwhile. */
@Injectable()
export class DeletedRegistrySweepHandler implements JobHandler<Payload<typeof sweepDeletedRegistry>> {
  readonly job = sweepDeletedRegistry;

  constructor(
    private readonly control: ControlStore,
    private readonly content: RegionalContent,
  ) {}

  async run({ registryId }: Payload<typeof sweepDeletedRegistry>, signal: AbortSignal): Promise<void> {
    // Ids are never used again; one that is there was never deleted.
    if (await this.control.registries.byId(registryId)) return;
    await this.content.deleteAllOfRegistry(registryId, signal);
  }
}
