import type { PartWriter } from '#lib/platform';
import type { LeasedSession, Sessions } from './sessions.js';

/** A sync of the disk takes a thread of libuv's four; the others stay free for reads and writes. */
const syncsAtOnce = 2;

interface Due {
  session: LeasedSession;
  resolve: (kept: boolean) => void;
  reject: (error: unknown) => void;
}

/**
 * What open uploads need beside their bytes. Thousands of slow ones must not keep the database or the disk from a fast one: leases
 * are renewed many by one statement, and few syncs run at a time.
 */
export class Upkeep {
  readonly #sessions: Sessions;
  #due: Due[] = [];
  #keeping = false;
  #syncs = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** Keeps the lease of an upload that has not grown; false if it is lost. What is asked while a statement is under way shares the next. */
  keep(session: LeasedSession): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#due.push({ session, resolve, reject });
      if (!this.#keeping) void this.#keepAll();
    });
  }

  async #keepAll(): Promise<void> {
    this.#keeping = true;
    while (this.#due.length > 0) {
      const due = this.#due;
      this.#due = [];
      try {
        const kept = await this.#sessions.keep(due.map(({ session }) => session));
        for (const { session, resolve } of due) resolve(kept.has(session.id));
      } catch (error) {
        for (const { reject } of due) reject(error);
      }
    }
    this.#keeping = false;
  }

  /** Makes what a writer has durable; how much that is. */
  async sync(writer: Pick<PartWriter, 'flush'>): Promise<number> {
    if (this.#syncs === syncsAtOnce) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#syncs += 1;
    try {
      return await writer.flush();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#syncs -= 1;
    }
  }
}
