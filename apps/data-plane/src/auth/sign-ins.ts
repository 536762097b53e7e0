import type { RegistrySnapshot } from '#lib/control';
import type { Subject } from '../tokens/registry-tokens.js';

/** True if the registry accepts subjects that signed in the way this one did. Asked wherever rights or a token are looked at. */
export function acceptsSignIn({ policies }: Pick<RegistrySnapshot, 'policies'>, subject: Subject): boolean {
  if (subject.kind !== 'principal' || subject.via !== 'arm') return true;
  return policies.azureADAuthenticationAsArmPolicy.status !== 'disabled';
}
