import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process below another one, as /proc shows it. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
  readonly environment: string;
}

function read(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return null; // Ended; its parent has not looked yet.
    const words = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
    return { pid, parent: Number(parent), commandLine: words('cmdline'), environment: words('environ') };
  } catch {
    return null;
  }
}

/** Every living process below this one, parents before their children. */
export function descendants(root: number): ProcessInfo[] {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => read(Number(entry)))
    .filter((info) => info !== null);
  const found: ProcessInfo[] = [];
  const queue = [root];
  for (let at = 0; at < queue.length; at++) {
    const children = all.filter((info) => info.parent === queue[at]);
    found.push(...children);
    queue.push(...children.map((info) => info.pid));
  }
  return found;
}

export function isAlive(pid: number): boolean {
  return read(pid) !== null;
}

/** SIGTERM, and SIGKILL for the whole family when that has not helped for half a minute. */
export async function stopProcess(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (!isAlive(pid)) return;
    await sleep(50);
  }
  for (const info of [...descendants(pid).map((child) => child.pid), pid]) {
    if (isAlive(info)) process.kill(info, 'SIGKILL');
  }
}

/** Resident memory of a process that nobody shares with it, in bytes. */
export function privateMemory(pid: number): number {
  const kib = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? 0) * 1024;
}
