import type { IncomingMessage } from 'node:http';

const absoluteForm = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]*)(.*)$/is;

/**
 * Path and query of a request target, whether it came in origin form or, as every server must accept, in absolute form with scheme
 * and authority (RFC 9112, 3.2.1 and 3.2.2). Any other target stays as it is.
 */
export function originForm(target: string): string {
  const [, , rest] = absoluteForm.exec(target) ?? [];
  if (rest === undefined) return target;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * Gives a request the origin form of its target, in place. The host of an absolute target replaces the `Host` header (RFC 9112,
 * 3.2.2). What stands behind it sees one form only, so no rule can be passed by writing the other.
 */
export function useOriginForm(request: IncomingMessage): void {
  const target = request.url ?? '/';
  if (target.startsWith('/')) return;
  const [, host] = absoluteForm.exec(target) ?? [];
  if (host === undefined) return;
  request.headers.host = host;
  request.url = originForm(target);
}
