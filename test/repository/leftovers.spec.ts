import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isAlive } from '../support/processes.js';
import { projectRoot } from '../support/service-process.js';

/** The process id of the Postgres of a run whose temporary files are in `folder`; null before there is one. */
async function postgresOf(folder: string): Promise<number | null> {
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name, 'postgres/data/postmaster.pid'), 'utf8').catch(() => '');
    if (/^\d+\n/.test(text)) return Number(text.split('\n', 1)[0]);
  }
  return null;
}

it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no Postgres and no folder of a test run that ends by %s', async (signal) => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-leftovers-'));
  await chmod(folder, 0o755); // As root, Postgres runs as somebody else who must get in.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|TEST$|REGATTA_)/.test(name)));
  const run = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'libs/domain'], {
    cwd: projectRoot,
    env: { ...env, TMPDIR: folder },
    stdio: 'ignore',
  });
  const ended = once(run, 'exit');
  await expect.poll(() => postgresOf(folder)).not.toBeNull();
  const postgres = (await postgresOf(folder))!;
  run.kill(signal);
  await ended;
  await expect.poll(() => isAlive(postgres)).toBe(false);
  await expect.poll(async () => (await readdir(folder)).filter((name) => name.startsWith('regatta-'))).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});
