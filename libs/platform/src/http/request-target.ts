/**
 * Path and query of a request target, whether it came in origin form or, as every server must accept, in absolute form with scheme
 * and authority (RFC 9112, 3.2.1 and 3.2.2). Any other target stays as it is.
 */
export function originForm(target: string): string {
  const [, rest] = /^https?:\/\/[^/?#]*(.*)$/is.exec(target) ?? [];
  if (rest === undefined) return target;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
