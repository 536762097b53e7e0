import type { RegistrySnapshot } from '#lib/control';
import type { Subject } from '../tokens/registry-tokens.js';

/**
 * True if the registry accepts this subject and the way it signed in. A principal of another tenant is not accepted, whatever roles
 * it holds. Asked wherever rights or a token are looked at.
 */
export function acceptsSignIn({ policies, tenantId }: Pick<RegistrySnapshot, 'policies' | 'tenantId'>, subject: Subject): boolean {
  if (subject.kind !== 'principal') return true;
  if (subject.tenantId !== tenantId) return false;
  return subject.via !== 'arm' || policies.azureADAuthenticationAsArmPolicy.status !== 'disabled';
}
