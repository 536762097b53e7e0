import { createHash, timingSafeEqual } from 'node:crypto';
import type { RegistrySnapshot } from '#lib/control';
import type { Subject } from '../tokens/registry-tokens.js';

/** How much of a password's digest a token carries, so that it ends with the password. */
const marked = 16;

/** The admin account of the registry, if it is enabled and this is one of its two passwords. */
export function adminSubject(registry: RegistrySnapshot, user: string, password: string): Subject | null {
  if (user.toLowerCase() !== registry.name.toLowerCase()) return null;
  const given = createHash('sha256').update(password).digest();
  let credential: string | null = null;
  for (const { sha256 } of registry.adminPasswords) {
    const held = Buffer.from(sha256, 'hex');
    // No early end: how long this takes says nothing about which password came close.
    if (held.length === given.length && timingSafeEqual(held, given)) credential = sha256.slice(0, marked);
  }
  if (credential === null || !registry.adminUserEnabled) return null;
  return { kind: 'admin', registryId: registry.id, name: registry.name, credential };
}

/** Whether the account a token was issued for is still enabled and the password it was issued for still in force. */
export function adminHolds(registry: RegistrySnapshot, subject: Subject & { kind: 'admin' }): boolean {
  if (!registry.adminUserEnabled || subject.registryId !== registry.id || subject.credential.length !== marked) return false;
  for (const { sha256 } of registry.adminPasswords) if (sha256.startsWith(subject.credential)) return true;
  return false;
}
