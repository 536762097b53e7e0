import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The environments that tests use, by what is installed in each. `.ci/run` makes them before the tests. */
export const pythonEnvironments = {
  azureCli: ['azure-cli==2.91.0'],
  generatedClient: ['openapi-python-client==0.29.1'],
} as const satisfies Record<string, readonly string[]>;

/** Where what tests download is kept from run to run, outside the checkout. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'regatta-tests');
}

/**
 * The folder of the programs of a Python environment that holds exactly these packages (`name==version`). It is made once
 * for each list, and used again by later runs.
 */
export async function pythonVenv(packages: readonly string[]): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(packages)).digest('hex').slice(0, 16);
  const link = join(cacheFolder(), `python-${digest}`);
  const programs = join(link, 'bin');
  if (existsSync(join(programs, 'python3'))) return programs;
  await rm(link, { force: true }); // Its interpreter was removed from this machine.
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(`${link}-`);
  try {
    await run('python3', ['-m', 'venv', folder]);
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    await run(join(folder, 'bin/python3'), ['-m', 'pip', 'install', ...quiet, ...packages]);
    // A whole environment appears at once; of two processes that made one, the second throws its own away.
    await symlink(folder, link);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return programs;
}

/** The environment of Go in tests: what it downloads and compiles is kept from run to run, and go.sum says what it must be. */
export function goEnvironment(): Record<string, string> {
  const folder = join(cacheFolder(), 'go');
  return {
    GOPATH: folder,
    GOMODCACHE: join(folder, 'mod'),
    GOCACHE: join(folder, 'build'),
    GOFLAGS: '-mod=readonly',
    GOTOOLCHAIN: 'local',
  };
}
