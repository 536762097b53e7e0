/** The audience of tokens for every registry that their bearer may use: the registry service as the Azure SDKs and az name it. */
export const registryServiceAudience = 'https://containerregistry.azure.net';

const loginLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The audiences of tokens for the management API: its own address, and ARM's, which clients may be set to. */
export function managementAudiences(managementUrl: string): string[] {
  return [managementUrl, 'https://management.azure.com', 'https://management.core.windows.net'];
}

/** The audience of tokens for one registry. */
export function loginServerAudience(loginServer: string): string {
  return `https://${loginServer}`;
}

/**
 * What a token says for the audience that was asked for: letter for letter what the service it is for looks for, with a slash at the
 * end if it was asked for with one. Case is not told apart, nor how many slashes there are. Null where no service of the
 * installation would take the token: it could only be meant for a stranger.
 */
export function issuedAudience(asked: string, managementUrl: string, loginServerSuffix: string): string | null {
  const wanted = asked.replace(/\/+$/, '').toLowerCase();
  const services = [...managementAudiences(managementUrl), registryServiceAudience];
  const known = services.find((service) => service.toLowerCase() === wanted) ?? registryAudience(wanted, loginServerSuffix);
  return known === null ? null : `${known}${asked.endsWith('/') ? '/' : ''}`;
}

/** True if a token with the audience `issued` is for the service `audience`. */
export function isFor(issued: string, audience: string): boolean {
  return issued === audience || issued === `${audience}/`;
}

function registryAudience(wanted: string, suffix: string): string | null {
  const [start, end] = [loginServerAudience(''), `.${suffix}`];
  if (!wanted.startsWith(start) || !wanted.endsWith(end)) return null;
  const label = wanted.slice(start.length, -end.length);
  return loginLabel.test(label) ? loginServerAudience(`${label}.${suffix}`) : null;
}
