import { bareAudience } from '#lib/identity';
import { managementAudiences } from '../auth/bearer.strategy.js';

/** The registry service as the Azure SDKs and az name it. */
const registryService = 'https://containerregistry.azure.net';

/**
 * True if a service of this installation takes tokens for the audience: the management API under its own address and ARM's, the
 * registry service, and every login server. A token for anything else could only be meant for a stranger.
 */
export function isKnownAudience(audience: string, managementUrl: string, loginServerSuffix: string): boolean {
  const wanted = bareAudience(audience);
  if ([...managementAudiences(managementUrl), registryService].some((known) => bareAudience(known) === wanted)) return true;
  return wanted.replace(/^https?:\/\//, '').endsWith(`.${loginServerSuffix}`) && /^(https?:\/\/)?[a-z0-9.-]+(:\d+)?$/.test(wanted);
}
