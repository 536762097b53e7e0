import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isUnprivileged, type Account } from './account.js';
import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './failure.js';

/*
 * <directory>/
 *   data/               what Postgres writes; owned by the user it runs as
 *   data.init-XXXXXX/   a data directory being made; renamed to data when it is whole, removed when found later
 *   password            of the superuser "postgres", mode 0600
 *   port                where Postgres listened last, used again when still free
 *   owner               the process that started it
 *   server.log          what Postgres says; server.log.1 is the one before
 */

/** Prefix of a data directory that is being made. */
const unfinished = 'data.init-';

/** The state of the place where the data lies. Throws when it is not one we may start on. */
export async function inspectData(data: string, binaries: Binaries): Promise<{ exists: boolean; owner?: number }> {
  const found = await stat(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new EmbeddedPostgresError(`The data directory ${data} cannot be read: ${error.message}`);
  });
  if (!found) return { exists: false };
  if (!found.isDirectory()) throw new EmbeddedPostgresError(`${data} should be the data directory of Postgres, but it is a file.`);
  refuseForeignOwner(data, found.uid);
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  const control = await stat(join(data, 'global', 'pg_control')).catch(() => undefined);
  if (version === undefined || !control) throw halfMade(data);
  if (Number(version) !== binaries.major) {
    throw new EmbeddedPostgresError(
      `The data directory ${data} was made by Postgres ${version.trim()}, but this is Postgres ${binaries.major}. ` +
        `Dump it with the version it was made by and load it into a fresh REGATTA_HOME, or set DATABASE_URL to a Postgres ${version.trim()} that serves it.`,
    );
  }
  return { exists: true, owner: found.uid };
}

/** Makes a data directory whole or not at all. Returns the password of its superuser. */
export async function makeData(directory: string, account: Account, binaries: Binaries): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const workshop = await mkdtemp(join(directory, unfinished));
  const passwordFile = join(workshop, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveTo(account, passwordFile, workshop);
  try {
    await initdb(join(workshop, 'data'), passwordFile, account, binaries);
    await writePassword(directory, password);
    await rename(join(workshop, 'data'), join(directory, 'data'));
    await syncFolder(directory);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
  return password;
}

/** Removes what an interrupted {@link makeData} left behind. */
export async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(unfinished)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** The superuser's password, as written when the data directory was made. */
export async function readPassword(directory: string): Promise<string> {
  const file = join(directory, 'password');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The password of the embedded Postgres cannot be read (${(error as Error).message}). Put ${file} back from a backup: the data in ${join(directory, 'data')} is locked without it.`,
    );
  }
}

function refuseForeignOwner(data: string, owner: number): void {
  const uid = process.geteuid?.() ?? owner;
  const mayUse = uid === 0 ? isUnprivileged(owner) : owner === uid;
  if (mayUse) return;
  const remedy = owner === 0 ? 'give it to the user who made it (chown -R)' : 'start as that user';
  throw new EmbeddedPostgresError(
    `The data directory ${data} is owned by somebody else (uid ${owner}; this process is uid ${uid}). To use it, ${remedy}; to leave it alone, set REGATTA_HOME to another folder.`,
  );
}

function halfMade(data: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The data directory ${data} is only half initialised: it has no PG_VERSION or no pg_control. ` +
      `If it never held data, remove it and start again; otherwise restore it from a backup.`,
  );
}

async function initdb(data: string, passwordFile: string, account: Account, binaries: Binaries): Promise<void> {
  const { file, args, options } = account.command(binaries.initdb, [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
  const child = spawn(file, args, { ...options, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'));
  });
  if (code !== 0) throw new EmbeddedPostgresError(`initdb could not make ${basename(dirname(data))} (${code}):\n${said.trim()}`);
}

async function giveTo(account: Account, ...paths: string[]): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  for (const path of paths) await chown(path, account.uid, account.gid);
}

async function writePassword(directory: string, password: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const file = await open(join(directory, 'password'), 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(password);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
