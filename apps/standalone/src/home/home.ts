import { chmod, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FolderInUse, FolderLock } from '#lib/platform';
import { StartError } from '../start-error.js';

/*
 * REGATTA_HOME/
 *   lock               the process that runs the service from here
 *   secret-key         32 bytes in base64: what seals secrets in the database; 0600
 *   credentials.json   how the first principal signs in; 0600
 *   tls/               ca.pem, ca-key.pem, server.pem, server-key.pem; keys 0600
 *   postgres/          the embedded Postgres
 *   buckets/<region>/  the bytes of large blobs
 *   logs/<process>.log
 */

/** Makes REGATTA_HOME usable and claims it for this process. */
export async function openHome(home: string): Promise<FolderLock> {
  await prepare(home);
  try {
    return await FolderLock.take(join(home, 'lock'));
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new StartError(
      `Regatta already runs from ${home} (process ${error.pid}). Stop it first, or set REGATTA_HOME to another folder and choose other ports.`,
    );
  }
}

/** Writes a file whole or not at all, readable by its owner only. */
export async function writePrivately(path: string, text: string, mode = 0o600): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

async function prepare(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
    await refuseForeignOwner(home);
    // As root, Postgres runs as another user, who must be able to pass; the folders that hold secrets are closed one by one.
    await chmod(home, process.geteuid?.() === 0 ? 0o711 : 0o700);
    await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 });
    await mkdir(join(home, 'buckets'), { recursive: true, mode: 0o700 });
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`REGATTA_HOME: ${home} cannot be used: ${(error as Error).message}`);
  }
}

async function refuseForeignOwner(home: string): Promise<void> {
  const { uid: owner } = await stat(home);
  const uid = process.geteuid?.() ?? owner;
  if (owner === uid) return;
  throw new StartError(
    `REGATTA_HOME: ${home} is owned by somebody else (uid ${owner}; this process is uid ${uid}). Start as that user, or set REGATTA_HOME to a folder of your own.`,
  );
}
