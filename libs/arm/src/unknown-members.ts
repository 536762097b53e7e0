import { z } from 'zod';
import { pathOf } from './issues.js';
import { withoutWrappers } from './patch-schema.js';

/** Members of an object that only the service sets. A client may send them back as it got them, and they are ignored. */
export const echoedMembers = z.registry<{ names: readonly string[] }>();

const most = 20;

/**
 * Paths of what a client sent and `schema` does not know, at most 20: ARM ignores unknown members, and a misspelt one should not
 * go unseen. A member that is null says nothing and is not named.
 */
export function unknownMembers(schema: z.ZodType, value: unknown): string[] {
  const found: string[] = [];
  collect(schema, value, [], found);
  return found;
}

function collect(schema: z.ZodType, value: unknown, path: PropertyKey[], found: string[]): void {
  const inner = plain(schema);
  if (typeof value !== 'object' || value === null || found.length === most) return;
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    for (const [index, item] of value.entries()) collect(inner.element as z.ZodType, item, [...path, index], found);
  } else if (inner instanceof z.ZodRecord) {
    for (const [key, item] of Object.entries(value)) collect(inner.valueType as z.ZodType, item, [...path, key], found);
  } else if (inner instanceof z.ZodObject) {
    const echoed = new Set(echoedMembers.get(inner)?.names);
    for (const [key, item] of Object.entries(value)) {
      const member = Object.hasOwn(inner.shape, key) ? (inner.shape[key] as z.ZodType) : undefined;
      if (member) collect(member, item, [...path, key], found);
      else if (item !== null && !echoed.has(key) && found.length < most) found.push(pathOf({ message: '', path: [...path, key] }));
    }
  }
}

/** The schema a value is read by, under what converts it before or after. */
function plain(schema: z.ZodType): z.ZodType {
  const inner = withoutWrappers(schema);
  if (!(inner instanceof z.ZodPipe)) return inner;
  return plain((inner.in instanceof z.ZodTransform ? inner.out : inner.in) as z.ZodType);
}
