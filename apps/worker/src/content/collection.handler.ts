import { Inject, Injectable } from '@nestjs/common';
import { collectedBlobs, type JobHandler, type Logger } from '#lib/platform';
import { LOGGER } from '../tokens.js';
import { collectContent } from './content.jobs.js';
import { RegionalContent } from './regional-content.js';

/** One round of collection in this region; pushes and pulls go on meanwhile. */
@Injectable()
export class CollectionHandler implements JobHandler<Record<string, never>> {
  readonly job = collectContent;

  constructor(
    private readonly content: RegionalContent,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(_payload: Record<string, never>, signal: AbortSignal): Promise<void> {
    const collected = await this.content.collect(signal);
    if (collected.blobs + collected.links === 0) return;
    collectedBlobs.inc(collected.blobs);
    this.logger.info(collected, 'collected what nothing needs');
  }
}
