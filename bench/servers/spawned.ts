import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** A port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('No free port.'))));
    });
  });
}

export interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last lines the process wrote, to explain why it did not start. */
  log(): string;
  stop(): Promise<void>;
}

/** Starts a program with its output in a file; stopping waits for its end and insists after ten seconds. */
export function startProgram(command: string, args: readonly string[], options: { logFile: string; env?: NodeJS.ProcessEnv }): Spawned {
  const out = openSync(options.logFile, 'a');
  const child = spawn(command, args, { stdio: ['ignore', out, out], env: { ...process.env, ...options.env } });
  closeSync(out);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    child,
    pid: child.pid ?? -1,
    log: () => readFileSync(options.logFile, 'utf8').split('\n').slice(-20).join('\n'),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(insist);
    },
  };
}

/** Asks again until the question is answered, the process has died or the time is over. */
export async function until(what: string, program: Spawned, answered: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (program.child.exitCode !== null) throw new Error(`${what} ended while starting:\n${program.log()}`);
    if (await answered().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not start within ${seconds} s:\n${program.log()}`);
}
