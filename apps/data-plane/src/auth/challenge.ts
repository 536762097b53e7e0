import { formatScope, type Scope } from '#lib/domain';
import { formatChallenge } from '#lib/oci';
import type { Site } from '../edge/site.js';

/** What the facts say about the credentials that came with a refused request. */
export type ChallengeError = 'invalid_token' | 'insufficient_scope';

const message = 'authentication required, visit https://aka.ms/acr/authorization for more information.';

/** The `Www-Authenticate` value: the token service is on the very host the client asked (newer clients refuse others). */
export function challengeHeader(site: Site, scopes: readonly Scope[], error?: ChallengeError): string {
  return formatChallenge({
    realm: `${site.origin}/oauth2/token`,
    service: site.service,
    ...(scopes.length > 0 && { scope: scopes.map(formatScope).join(' ') }),
    ...(error && { error }),
  });
}

/** The body of a 401 as ACR writes it (ACR data plane, section 1.2). */
export function unauthorizedBody(scopes: readonly Scope[]): string {
  const detail = scopes.flatMap(({ type, name, actions }) => actions.map((action) => ({ Type: type, Name: name, Action: action })));
  return `${JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message, detail: detail.length > 0 ? detail : null }] })}\n`;
}
