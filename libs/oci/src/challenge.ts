/** What a `WWW-Authenticate` header asks for. */
export interface Challenge {
  realm: string;
  service: string;
  /** The scopes that would be enough, already in wire form; none on `/v2/`. */
  scope?: string;
  /** Said when a token came along and was not good, or not enough. */
  error?: 'invalid_token' | 'insufficient_scope';
}

/** The challenge exactly as ACR writes it: no blank behind a comma, as `az acr` reads it by cutting at blanks. */
export function formatChallenge({ realm, service, scope, error }: Challenge): string {
  const parts = [`realm="${plain(realm)}"`, `service="${plain(service)}"`];
  if (scope !== undefined) parts.push(`scope="${plain(scope)}"`);
  if (error !== undefined) parts.push(`error="${error}"`);
  return `Bearer ${parts.join(',')}`;
}

/** The realm and service come from the request's host: nothing that ends a quoted string or a header may pass. */
function plain(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]|["\\]/g, '');
}
