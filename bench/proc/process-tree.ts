import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** CPU seconds of the process itself and of the children it has already waited for. */
  readonly cpuSeconds: number;
}

/** CPU and memory of a process and everything below it, read from /proc. */
export interface TreeUsage {
  readonly cpuSeconds: number;
  /** Resident memory of the largest single process, without what it merely shares with others. */
  readonly largestRssBytes: number;
}

function readProcess(pid: number): ProcessRow | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in parentheses and may itself hold blanks and parentheses: the fields start after the last one.
    const close = stat.lastIndexOf(')');
    const fields = stat.slice(close + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return { pid, parent: Number(fields[1]), name: stat.slice(stat.indexOf('(') + 1, close), cpuSeconds: ticks / ticksPerSecond };
  } catch {
    return null; // It ended while we were looking.
  }
}

function readTree(root: number): ProcessRow[] {
  const rows = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readProcess(Number(entry)))
    .filter((row) => row !== null);
  const found: ProcessRow[] = rows.filter((row) => row.pid === root);
  for (let at = 0; at < found.length; at++) {
    const { pid } = found[at] as ProcessRow;
    found.push(...rows.filter((row) => row.parent === pid));
  }
  return found;
}

function privateRssBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return (kib('RssAnon') + kib('RssFile')) * 1024;
  } catch {
    return 0;
  }
}

export function treeUsage(root: number): TreeUsage {
  const tree = readTree(root);
  return {
    cpuSeconds: tree.reduce((sum, row) => sum + row.cpuSeconds, 0),
    largestRssBytes: Math.max(0, ...tree.map((row) => privateRssBytes(row.pid))),
  };
}
