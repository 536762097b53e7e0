import { z } from 'zod';
import { withoutWrappers } from './patch-schema.js';

/** The schema of the same object where the members at `paths` (`policies.softDeletePolicy`) may be missing. */
export function withOptional(object: z.ZodObject, paths: readonly string[]): z.ZodObject {
  const unknown = paths.filter((path) => !Object.hasOwn(object.shape, path.split('.', 1)[0]!));
  if (unknown.length > 0) throw new Error(`There is no member ${unknown.join(', ')}.`);
  const shape = Object.entries(object.shape).map(([key, member]): [string, z.ZodType] => {
    const below = paths.filter((path) => path.startsWith(`${key}.`)).map((path) => path.slice(key.length + 1));
    const inner = below.length > 0 ? withOptional(withoutWrappers(member as z.ZodType) as z.ZodObject, below) : (member as z.ZodType);
    return [key, paths.includes(key) ? inner.optional() : inner];
  });
  const meta = object.meta();
  const copy = z.object(Object.fromEntries(shape));
  return meta ? copy.meta(meta) : copy;
}
