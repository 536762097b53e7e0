import { z } from 'zod';

/** The value of a merge patch: every member may be absent, and null removes it. */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends Record<string, unknown>
    ? { [K in keyof T]?: MergePatch<NonNullable<T[K]>> | null }
    : T;

/**
 * The schema of an RFC 7396 patch of what `schema` describes: every member of every object optional, and nullable if it can be
 * absent; no defaults, everything else (arrays, records, formats) checked as it always is. Rules across members are left to the
 * merged whole, which is validated again.
 */
export function patchOf(schema: z.ZodType): z.ZodType {
  const inner = withoutWrappers(schema);
  const described = describedLike(schema, inner);
  if (!(inner instanceof z.ZodObject)) return described(inner);
  const shape: Record<string, z.ZodType> = {};
  for (const [key, member] of Object.entries(inner.shape)) shape[key] = patchedMember(member as z.ZodType);
  return described(z.object(shape));
}

/** The schema of one member of a patch: null removes it, unless the object must have it. */
export function patchedMember(member: z.ZodType): z.ZodType {
  const patched = patchOf(member);
  return (member.safeParse(undefined).success ? patched.nullable() : patched).optional();
}

/** What stands under optional, nullable and defaults. */
export function withoutWrappers(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodReadonly
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** Carries the description over; an `id` stays with the original, since the patch is another shape. */
function describedLike(outer: z.ZodType, inner: z.ZodType): (schema: z.ZodType) => z.ZodType {
  const { id, ...told } = { ...inner.meta(), ...outer.meta() };
  return (schema) => (Object.keys(told).length === 0 || (id !== undefined && schema === inner) ? schema : schema.meta(told));
}
