import { EntraError, shown } from './entra-error.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const named = new Set(['common', 'organizations', 'adfs']);

/** The authority segment of a URL: a tenant id in lower case, or one of the names that stand for every tenant. */
export function authorityOf(segment: string): string {
  const authority = segment.toLowerCase();
  if (named.has(authority) || uuid.test(authority)) return authority;
  throw new EntraError(
    400,
    'invalid_request',
    90002,
    `Tenant '${shown(segment)}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`,
  );
}
