import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './failure.js';
import { commandOf, isAlive, isZombie, processesIn, waitUntil } from './processes.js';

/** What a running Postgres says about itself in postmaster.pid. */
export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

/** Reads postmaster.pid of a data directory; undefined when there is none (or only half of one). */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** How long the backends of a Postgres whose first process was killed may take to notice and leave. */
const leavingMs = 10_000;

/**
 * Makes the data directory free to be started on: stops a Postgres that outlived the process which had started it, and
 * clears a postmaster.pid whose number now belongs to a stranger, or to a process that has ended without anybody asking after
 * it (Postgres would take that one for alive). A file whose process is gone is left to Postgres itself, which also looks at
 * the shared memory before it takes over.
 */
export async function clearTheWay(data: string): Promise<void> {
  const postmaster = await readPostmaster(data);
  if (!postmaster) return;
  if (isZombie(postmaster.pid)) {
    if (await waitUntil(() => processesIn(data).length === 0, leavingMs)) await rm(join(data, 'postmaster.pid'), { force: true });
    return;
  }
  if (!isAlive(postmaster.pid)) return;
  if (!isPostgresOf(postmaster.pid, data)) {
    if (processesIn(data).length === 0) await rm(join(data, 'postmaster.pid'), { force: true });
    return;
  }
  await stopPostmaster(postmaster.pid, data);
}

/** Fast shutdown (SIGINT), and if that hangs an immediate one (SIGQUIT): then the next start recovers from the write-ahead log. */
export async function stopPostmaster(pid: number, data: string, seconds = 30): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!sendSignal(pid, signal)) return;
    if (await waitUntil(() => !isAlive(pid), seconds * 1000)) return;
  }
  throw new EmbeddedPostgresError(`Postgres (process ${pid}) on ${data} does not stop. End it by hand, then start again.`);
}

function isPostgresOf(pid: number, data: string): boolean {
  const command = commandOf(pid);
  return command.includes('postgres') && (command.includes(data) || processesIn(data).includes(pid));
}

function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw new EmbeddedPostgresError(`Postgres (process ${pid}) cannot be stopped: ${(error as Error).message}`);
  }
}
