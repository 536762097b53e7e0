import { z } from 'zod';
import { location, pageOf, tags } from '#lib/arm';

/** A resource group on the wire (Microsoft.Resources 2024-03-01, ResourceGroup). */
export const resourceGroupView = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.literal('Microsoft.Resources/resourceGroups'),
    location: z.string(),
    managedBy: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    properties: z.object({ provisioningState: z.string() }),
  })
  .meta({ id: 'ResourceGroup' });
export type ResourceGroupView = z.infer<typeof resourceGroupView>;
export const resourceGroupPage = pageOf(resourceGroupView, 'ResourceGroupListResult');

const managedBy = z.string().max(2048).meta({ description: 'Id of the resource that manages this group.' });
const echoed = z.unknown().optional().meta({ readOnly: true });

export const resourceGroupPut = z
  .object({ id: echoed, name: echoed, type: echoed, properties: echoed, location, managedBy: managedBy.nullish(), tags: tags.nullish() })
  .meta({ id: 'ResourceGroupPut' });
export type ResourceGroupPut = z.infer<typeof resourceGroupPut>;

export const resourceGroupPatch = z
  .object({
    id: echoed,
    name: echoed,
    type: echoed,
    location: echoed,
    properties: echoed,
    managedBy: managedBy.nullish(),
    tags: tags.nullish(),
  })
  .meta({ id: 'ResourceGroupPatch' });
export type ResourceGroupPatch = z.infer<typeof resourceGroupPatch>;
