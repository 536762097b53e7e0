import { createHash, randomBytes } from 'node:crypto';
import { adminPasswordNames, type AdminPasswordName, type RegistryEntity, type SealedPassword } from '#lib/control';
import type { SecretBox } from '#lib/platform';

/** 39 random bytes are 52 URL-safe characters. */
const passwordBytes = 39;

/** A new password of the admin account: sealed to be shown again, digested to be compared. */
export function newAdminPassword(box: SecretBox, name: AdminPasswordName): SealedPassword {
  const value = randomBytes(passwordBytes).toString('base64url');
  return { name, sealed: box.seal(value), sha256: createHash('sha256').update(value).digest('hex') };
}

/** Both passwords of a new registry. */
export const newAdminPasswords = (box: SecretBox): SealedPassword[] => adminPasswordNames.map((name) => newAdminPassword(box, name));

/** The admin account as its owner may see it. */
export function openCredentials(
  box: SecretBox,
  row: RegistryEntity,
): { username: string; passwords: { name: AdminPasswordName; value: string }[] } {
  return { username: row.name, passwords: row.adminPasswords.map(({ name, sealed }) => ({ name, value: box.open(sealed) })) };
}
