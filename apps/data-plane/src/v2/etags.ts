/** Whether an `If-None-Match` header names this entity tag (RFC 9110, 13.1.2: weak comparison; `*` names whatever there is). */
export function holdsTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
