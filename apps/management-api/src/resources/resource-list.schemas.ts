import { z } from 'zod';
import { pageOf, systemData } from '#lib/arm';

/** Any resource in a list of all kinds (Microsoft.Resources 2024-03-01, GenericResourceExpanded). */
export const resourceView = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    location: z.string(),
    sku: z.object({ name: z.string(), tier: z.string() }).optional(),
    identity: z.unknown().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    systemData: systemData.optional(),
    createdTime: z.iso.datetime().optional().meta({ description: 'With $expand=createdTime.' }),
    changedTime: z.iso.datetime().optional().meta({ description: 'With $expand=changedTime.' }),
    provisioningState: z.string().optional().meta({ description: 'With $expand=provisioningState.' }),
  })
  .meta({ id: 'GenericResourceExpanded' });
export type ResourceView = z.infer<typeof resourceView>;
export const resourcePage = pageOf(resourceView, 'ResourceListResult');
