import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem, release } from 'node:os';

/** Seconds all cores together were busy since boot. */
export function busyCpuSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] as string).split(/\s+/).map(Number);
  // USER_HZ is 100 on every Linux that Node runs on; guests' time is already inside `user`.
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0)) / 100;
}

/**
 * Writes to memory and gives it back, in a process of its own. A virtual machine receives memory it has never touched
 * slowly from its host: without this the page cache of a push would grow at the host's pace, not at the server's.
 */
export function touchMemory(bytes: number): void {
  const mib = Math.floor(Math.min(bytes, freemem() * 0.6) / 2 ** 20);
  const program = `const held = []; for (let left = ${mib}; left > 0; left -= 256) held.push(Buffer.alloc(Math.min(left, 256) * 2 ** 20, 120));`;
  execFileSync(process.execPath, ['-e', program]);
}

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

export function machineFacts(): MachineFacts {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}
