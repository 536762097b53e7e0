import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Greeting } from '../greeting.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** Ports one start needs: two for the management API, four for two regions, five for operations. */
const portsNeeded = 11;

/** What a start of the service said and how it ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The service, started as a user starts it. */
export class StartedService {
  #stdout = '';
  #stderr = '';
  readonly ended: Promise<Outcome>;

  constructor(readonly process: ChildProcess) {
    process.stdout!.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    process.stderr!.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.ended = new Promise((resolve) => process.once('close', (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr })));
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until the greeting is out, whole; throws with what was said instead. */
  async greeted(isWhole: (stdout: string) => boolean): Promise<string> {
    for (;;) {
      if (isWhole(this.#stdout)) return this.#stdout;
      const first = await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 50))]);
      if (first) throw new Error(`The service ended before its greeting:\n${this.#stdout}${this.#stderr}`);
    }
  }

  async greeting(): Promise<Greeting> {
    return JSON.parse(await this.greeted((stdout) => stdout.includes('\n'))) as Greeting;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.process.kill(signal);
    return this.ended;
  }
}

/** Runs `node scripts/start.mjs` with these settings and arguments. */
export function startService(environment: Record<string, string>, args: string[] = ['--json']): StartedService {
  return startProgram(process.execPath, ['scripts/start.mjs', ...args], environment);
}

/** Runs `npm start` itself, which has npm and its shell between the caller and the service. */
export function startByNpm(environment: Record<string, string>): StartedService {
  return startProgram('npm', ['start', '-s', '--', '--json'], environment);
}

function startProgram(program: string, args: string[], environment: Record<string, string>): StartedService {
  const { PATH = '', HOME = '' } = process.env;
  return new StartedService(spawn(program, args, { cwd: root, env: { PATH, HOME, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** Settings for ports nobody uses, one after the other below the range the system hands out. */
export async function freePorts(): Promise<Record<string, string>> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const range = Array.from({ length: portsNeeded }, (_, index) => first + index);
    if ((await Promise.all(range.map(isFree))).every(Boolean)) return portsFrom(first);
  }
}

function portsFrom(first: number): Record<string, string> {
  return {
    REGATTA_MANAGEMENT_HTTPS_PORT: String(first),
    REGATTA_MANAGEMENT_HTTP_PORT: String(first + 1),
    REGATTA_DATA_HTTPS_PORT: String(first + 2),
    REGATTA_DATA_HTTP_PORT: String(first + 4),
    REGATTA_OPS_PORT: String(first + 6),
  };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
