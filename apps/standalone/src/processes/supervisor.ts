import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, type End } from './child.js';
import type { ProcessPlan } from './plans.js';

/** Said on the terminal, one line at a time. */
export type Say = (line: string) => void;

export interface SupervisorSettings {
  logFolder: string;
  /** How long a process may take to stop before it is killed. */
  stopSeconds: number;
  say: Say;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
/** A process that lived this long was well: the next pause is short again. */
const wellAfterMs = 60_000;

/** Keeps processes running: what dies is started again, at once the first time and then ever later. */
export class Supervisor {
  readonly #children = new Map<string, Child>();
  readonly #pauses = new Map<string, number>();
  readonly #stopped = new AbortController();

  constructor(private readonly settings: SupervisorSettings) {}

  /** Starts all at once and waits until each is ready; when one cannot start, the error says why and the others are stopped. */
  async start(plans: readonly ProcessPlan[]): Promise<void> {
    const children = plans.map((plan) => this.#launch(plan));
    try {
      await Promise.all(children.map((child) => child.ready()));
    } catch (error) {
      await this.stop(plans);
      throw error;
    }
    for (const child of children) void this.#replaceWhenItEnds(child);
  }

  /** Process ids by name, of those that run now. */
  pids(): Record<string, number> {
    return Object.fromEntries([...this.#children].map(([name, child]) => [name, child.pid ?? -1]));
  }

  /** Starts these anew, one after the other, such as after their certificate changed. */
  async restart(plans: readonly ProcessPlan[]): Promise<void> {
    for (const { name } of plans) {
      const before = this.#children.get(name);
      await before?.stop(this.settings.stopSeconds); // Whoever waits for its end starts the next.
      while (!this.#stopped.signal.aborted && this.#children.get(name) === before) await sleep(50);
    }
  }

  /** Stops these, all at once, and starts nothing any more. */
  async stop(plans: readonly ProcessPlan[]): Promise<void> {
    this.#stopped.abort();
    const children = plans.map(({ name }) => this.#children.get(name)).filter((child) => child !== undefined);
    await Promise.all(children.map((child) => child.stop(this.settings.stopSeconds)));
  }

  /** Ends everything at once, unfinished. */
  kill(): void {
    this.#stopped.abort();
    for (const child of this.#children.values()) child.kill();
  }

  #launch(plan: ProcessPlan): Child {
    const child = new Child(plan, join(this.settings.logFolder, `${plan.name}.log`));
    this.#children.set(plan.name, child);
    return child;
  }

  async #replaceWhenItEnds(child: Child): Promise<void> {
    const end = await child.ended;
    if (this.#stopped.signal.aborted) return;
    const { name } = child.plan;
    const pause = this.#nextPause(child, end);
    if (end.code !== 0) this.settings.say(`${name} ended (${end.signal ?? `code ${end.code}`}); starting it again.`);
    await sleep(pause, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    if (this.#stopped.signal.aborted) return;
    const next = this.#launch(child.plan);
    void this.#replaceWhenItEnds(next);
    await next.ready().then(
      () => this.settings.say(`${name} is back.`),
      (error: Error) => this.settings.say(error.message),
    );
  }

  #nextPause(child: Child, end: End): number {
    const { name } = child.plan;
    if (end.code === 0 || Date.now() - child.startedAt > wellAfterMs) this.#pauses.delete(name);
    const pause = this.#pauses.get(name) ?? 0;
    this.#pauses.set(name, Math.min(longestPauseMs, Math.max(firstPauseMs, pause * 2)));
    return pause;
  }
}
