import { spawn, type ChildProcess } from 'node:child_process';
import { StartError } from '../start-error.js';
import { LogFile } from './log-file.js';
import type { ProcessPlan } from './plans.js';

/** Exit code of a process whose settings are wrong. */
export const wrongSettings = 78;

/** How a process ended. */
export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One running process of the service. */
export class Child {
  readonly #process: ChildProcess;
  readonly #log: LogFile;
  readonly startedAt = Date.now();
  /** Settles when the process has ended. */
  readonly ended: Promise<End>;

  constructor(
    readonly plan: ProcessPlan,
    private readonly logFile: string,
  ) {
    const log = new LogFile(logFile);
    this.#log = log;
    // In a process group of its own: Ctrl-C reaches us alone, and we stop the others in order. The IPC channel tells the child
    // when we are gone, however we went.
    this.#process = spawn(process.execPath, ['--enable-source-maps', plan.program], {
      env: { ...process.env, ...plan.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    for (const output of ['stdout', 'stderr'] as const) this.#process[output]?.on('data', (bytes: Buffer) => log.write(bytes, output));
    const closed = new Promise<End>((resolve) => {
      // Not at `exit`: what it wrote last may still be on its way.
      this.#process.once('close', (code, signal) => resolve({ code, signal }));
      this.#process.on('error', () => this.#process.pid === undefined && resolve({ code: null, signal: null }));
    });
    this.ended = closed.finally(() => log.close());
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Waits until the process says it is ready. Throws {@link StartError} with its own last words when it ends before. */
  async ready(): Promise<void> {
    const isReady = new Promise<'ready'>((resolve) => {
      this.#process.on('message', (message) => {
        if (typeof message === 'object' && message !== null && 'ready' in message) resolve('ready');
      });
    });
    const first = await Promise.race([isReady, this.ended]);
    if (first === 'ready') return;
    throw new StartError(...this.explain(first));
  }

  /** Why it ended, for people: lines about settings as they are, anything else with the place of the whole log. */
  explain({ code, signal }: End): string[] {
    const words = this.#log.lastWords();
    if (code === wrongSettings) return words.map((line) => line.replace(/^regatta: (configuration: )?/, ''));
    return [`${this.plan.name} ended (${signal ?? `code ${code}`}): ${words.at(-1) ?? 'it said nothing'}`, `  its log: ${this.logFile}`];
  }

  /** Asks it to stop, and after `seconds` makes it. */
  async stop(seconds: number): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), seconds * 1000);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
