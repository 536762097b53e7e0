import { z } from 'zod';
import { requireValid, tags, type Tags } from '#lib/arm';

const properties = z.object({ tags: tags.nullish().transform((value) => value ?? {}) });
const echoed = z.unknown().optional().meta({ readOnly: true });

/** The tags of a resource as a resource of their own (Microsoft.Resources 2024-03-01, TagsResource). */
export const tagsView = z
  .object({
    id: z.string(),
    name: z.literal('default'),
    type: z.literal('Microsoft.Resources/tags'),
    properties: z.object({ tags: z.record(z.string(), z.string()) }),
  })
  .meta({ id: 'TagsResource' });
export type TagsView = z.infer<typeof tagsView>;

export const tagsPut = z.object({ id: echoed, name: echoed, type: echoed, properties }).meta({ id: 'TagsPut' });
export type TagsPut = z.infer<typeof tagsPut>;

export const tagsPatch = z
  .object({
    operation: z
      .enum(['Replace', 'Merge', 'Delete'])
      .meta({ description: 'Merge adds and overwrites. Delete removes by name, or by name and value where a value is given.' }),
    properties,
  })
  .meta({ id: 'TagsPatchResource' });
export type TagsPatch = z.infer<typeof tagsPatch>;

export const renderTags = (scope: string, present: Tags): TagsView => ({
  id: `${scope}/providers/Microsoft.Resources/tags/default`,
  name: 'default',
  type: 'Microsoft.Resources/tags',
  properties: { tags: present },
});

/** The tags after a patch; names compare without case, and a tag that is there keeps the casing of its name. */
export function patchedTags({ operation, properties: { tags: asked } }: TagsPatch, present: Tags): Tags {
  if (operation === 'Replace') return asked;
  const result: Tags = { ...present };
  for (const [name, value] of Object.entries(asked)) {
    const known = Object.keys(result).find((one) => one.toLowerCase() === name.toLowerCase());
    if (operation === 'Merge') result[known ?? name] = value;
    else if (known !== undefined && (value === '' || result[known] === value)) delete result[known];
  }
  return requireValid(tags, result, ['properties', 'tags']);
}
