import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivately } from './home.js';

/** What `credentials.json` holds: how the first principal signs in. */
const credentials = z.object({ tenantId: z.uuid(), subscriptionId: z.uuid(), clientId: z.uuid(), clientSecret: z.string().min(1) });
export type Credentials = z.infer<typeof credentials>;

export const credentialsFile = (home: string): string => join(home, 'credentials.json');

/** The file as it is; undefined when it is not there or not whole: then a new secret is issued and written. */
export async function readCredentials(home: string): Promise<Credentials | undefined> {
  try {
    return credentials.parse(JSON.parse(await readFile(credentialsFile(home), 'utf8')));
  } catch {
    return undefined;
  }
}

export async function writeCredentials(home: string, value: Credentials): Promise<void> {
  await writePrivately(credentialsFile(home), `${JSON.stringify(value, null, 2)}\n`);
}

/** True if a new secret can be kept. */
export function mayWriteCredentials(home: string): Promise<boolean> {
  return access(credentialsFile(home), constants.W_OK).then(
    () => true,
    () => false,
  );
}
