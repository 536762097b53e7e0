import { unknownMembers } from '#lib/arm';
import type { z } from 'zod';

/** Header of Regatta's own: what of the body was not understood and therefore ignored. */
export const ignoredHeader = 'x-regatta-ignored';

const longestPath = 120;
const ignored = new WeakMap<object, string>();

/** Notes what of a body its schema does not know. The reply to the request that carried it then says so. */
export function noteIgnored(body: unknown, schema: z.ZodType): void {
  if (typeof body !== 'object' || body === null) return;
  const paths = unknownMembers(schema, body);
  if (paths.length > 0) ignored.set(body, paths.map(inHeader).join(', '));
}

/** The header's value for a body. */
export const ignoredOf = (body: unknown): string | undefined => (typeof body === 'object' && body !== null ? ignored.get(body) : undefined);

/** A path as it may stand in a header: visible ASCII, no comma. */
const inHeader = (path: string): string =>
  encodeURIComponent(path.slice(0, longestPath).toWellFormed()).replaceAll('%5B', '[').replaceAll('%5D', ']');
