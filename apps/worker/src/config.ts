import { bucketSettings, commonSettings } from '#lib/platform';
import { z } from 'zod';

/** What the worker reads from the environment. */
export const workerSettings = z.object({
  ...commonSettings,
  ...bucketSettings,
  /** The region whose jobs this process does, besides those of no region. */
  REGATTA_REGION: z
    .string({ error: 'is required: the region whose work this process does' })
    .regex(/^[a-z][a-z0-9]{1,39}$/, 'must be a region name such as eastus'),
  /** An upload that no client continued for so long is ended. */
  REGATTA_UPLOAD_IDLE_SECONDS: z.coerce
    .number()
    .int()
    .min(60)
    .default(24 * 3_600),
  /** Jobs of one queue that run at once. */
  REGATTA_JOB_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(8),
});
export type WorkerConfig = z.infer<typeof workerSettings>;
