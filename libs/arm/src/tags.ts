import { z } from 'zod';

const maxTags = 50;
const maxTagName = 512;
const maxTagValue = 256;
const forbidden = /[<>%&\\?/]/;

/**
 * Tags of a resource or resource group: up to 50, names of at most 512 characters without `< > % & \ ? /` and unique
 * without regard to case, values of at most 256. A `tags` member replaces all tags there were.
 */
export const tags = z
  .record(z.string(), z.string())
  .superRefine((value, context) => {
    const names = Object.keys(value);
    const report = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', message, path, input: value });
    if (names.length > maxTags) report(`carries ${names.length} tags; at most ${maxTags} are allowed`);
    const seen = new Map<string, string>();
    for (const name of names.slice(0, maxTags + 1)) {
      const short = name.length > 40 ? `${name.slice(0, 40)}…` : name;
      if (name.length === 0) report('has a tag without a name', [name]);
      if (name.length > maxTagName) report(`has a tag name of ${name.length} characters; at most ${maxTagName} are allowed`, [short]);
      if (forbidden.test(name)) report('has a tag name with one of the characters < > % & \\ ? /', [short]);
      if ((value[name] ?? '').length > maxTagValue) {
        report(`has a tag value of ${value[name]!.length} characters; at most ${maxTagValue} are allowed`, [short]);
      }
      const twin = seen.get(name.toLowerCase());
      if (twin !== undefined) report(`names the tag '${short}' twice (tag names compare without regard to case)`, [short]);
      seen.set(name.toLowerCase(), name);
    }
  })
  .meta({
    id: 'Tags',
    description: 'Name and value pairs of your own.',
    maxProperties: maxTags,
    // As JSON Schema the rules above; that names are compared without regard to case cannot be said there.
    propertyNames: { minLength: 1, maxLength: maxTagName, pattern: String.raw`^[^<>%&\\?/]+$` },
    additionalProperties: { type: 'string', maxLength: maxTagValue },
  });

export type Tags = z.infer<typeof tags>;
