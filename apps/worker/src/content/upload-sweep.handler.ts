import { Inject, Injectable } from '@nestjs/common';
import type { JobHandler, Logger } from '#lib/platform';
import type { WorkerConfig } from '../config.js';
import { CONFIG, LOGGER } from '../tokens.js';
import { sweepUploads } from './content.jobs.js';
import { RegionalContent } from './regional-content.js';

/** Ends uploads that were begun and left. */
@Injectable()
export class UploadSweepHandler implements JobHandler<Record<string, never>> {
  readonly job = sweepUploads;

  constructor(
    private readonly content: RegionalContent,
    @Inject(CONFIG) private readonly config: WorkerConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(): Promise<void> {
    const ended = await this.content.sweepUploads(this.config.REGATTA_UPLOAD_IDLE_SECONDS);
    if (ended > 0) this.logger.info({ ended }, 'ended uploads nobody continued');
  }
}
