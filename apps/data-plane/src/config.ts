import { bucketSettings, commonSettings, listenSettings, requireListener } from '#lib/platform';
import { z } from 'zod';

const regionPattern = /^[a-z][a-z0-9]{1,39}$/;

/** What a data plane process reads from the environment. */
export const dataPlaneSettings = z
  .object({
    ...commonSettings,
    ...listenSettings,
    ...bucketSettings,
    /** The region this process serves. */
    REGATTA_REGION: z
      .string({ error: 'is required: the region this process serves' })
      .regex(regionPattern, 'must be a region name such as eastus'),
    /** Memory for manifests and small blobs of this process, in MiB. */
    REGATTA_CONTENT_MEMORY_MIB: z.coerce.number().int().min(1).max(65_536).default(64),
  })
  .superRefine((config, context) => {
    const mistake = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    requireListener(config, context);
    if (!config.REGATTA_REGIONS.includes(config.REGATTA_REGION)) mistake('REGATTA_REGION', 'must be one of REGATTA_REGIONS');
    if (!config.REGATTA_BUCKETS[config.REGATTA_REGION]) mistake('REGATTA_BUCKETS', 'must hold a bucket for REGATTA_REGION');
  });
export type DataPlaneConfig = z.infer<typeof dataPlaneSettings>;
