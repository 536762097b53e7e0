import { createHash, randomInt } from 'node:crypto';
import { adminPasswordNames, type AdminPasswordName, type RegistryEntity, type SealedPassword } from '#lib/control';
import type { SecretBox } from '#lib/platform';

const passwordLength = 52;
/** Letters and digits only: a password may stand first in a command line or a URL. 52 of them are 309 bits. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A new password of the admin account: sealed to be shown again, digested to be compared. */
export function newAdminPassword(box: SecretBox, name: AdminPasswordName): SealedPassword {
  const value = Array.from({ length: passwordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
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
