import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { descendants, isAlive } from '../support/processes.js';
import { projectRoot } from '../support/service-process.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-leftovers-'));
  await chmod(folder, 0o755); // As root, Postgres runs as somebody else who must get in.
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The process id of the Postgres of a run whose temporary files are in the folder; null before there is one. */
async function postgresOfRun(): Promise<number | null> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const file = files.find((name) => name.endsWith('/postgres/data/postmaster.pid'));
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8').catch(() => '');
  return /^\d+\n/.test(text) ? Number(text.split('\n', 1)[0]) : null;
}

const left = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name.startsWith('regatta-'));

function startRun(): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|TEST$|REGATTA_)/.test(name)));
  return spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'libs/domain'], {
    cwd: projectRoot,
    env: { ...env, TMPDIR: folder },
    stdio: 'ignore',
  });
}

const workersOf = (run: ChildProcess) => descendants(run.pid!).filter(({ commandLine }) => commandLine.includes('vitest/dist/workers/'));

const ends: Record<string, (run: ChildProcess) => Promise<void>> = {
  'that ends by SIGTERM': async (run) => void run.kill('SIGTERM'),
  'that ends by SIGKILL': async (run) => void run.kill('SIGKILL'),
  'whose workers are killed': async (run) => {
    await expect.poll(() => workersOf(run).length).toBeGreaterThan(0);
    for (const { pid } of workersOf(run)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  },
};

it.each(Object.entries(ends))('leaves no Postgres and no folder of a test run %s', async (_how, end) => {
  const run = startRun();
  const ended = once(run, 'exit');
  await expect.poll(postgresOfRun).not.toBeNull();
  const postgres = (await postgresOfRun())!;
  await end(run);
  await ended;
  await expect.poll(() => isAlive(postgres)).toBe(false);
  await expect.poll(left).toEqual([]);
});

it('removes what a run left that ended with all that would have cleaned up after it', async () => {
  const abandoned = join(folder, 'regatta-run-before');
  mkdirSync(join(abandoned, 'regatta-spec-x'), { recursive: true });
  await writeFile(join(abandoned, 'owner'), String(2 ** 22 + 1));
  const living = join(folder, 'regatta-run-beside');
  mkdirSync(living);
  await writeFile(join(living, 'owner'), String(process.pid));
  await once(startRun(), 'exit');
  expect(await left()).toEqual(['regatta-run-beside']);
});
