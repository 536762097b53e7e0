import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../start-error.js';
import { writePrivately } from './home.js';

/** The key that seals secrets in the database: from the environment, from REGATTA_HOME, or made now and kept there. */
export async function secretKey(home: string, given: string | undefined): Promise<string> {
  if (given) return given;
  const file = join(home, 'secret-key');
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new StartError(`${file} cannot be read: ${error.message}`);
  });
  if (kept !== undefined) return checked(file, kept.trim());
  const made = randomBytes(32).toString('base64');
  await writePrivately(file, `${made}\n`);
  return made;
}

function checked(file: string, key: string): string {
  if (Buffer.from(key, 'base64').length === 32) return key;
  throw new StartError(`${file} does not hold 32 bytes in base64. Put it back from a backup: secrets in the database are sealed with it.`);
}
