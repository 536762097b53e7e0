import { LRUCache } from 'lru-cache';
import type { FailureCount, FailureStore } from './failure-store.js';

export interface FailureLimits {
  /** Failures allowed within `windowSeconds`. */
  failures: number;
  windowSeconds: number;
  /** How many names are remembered; memory stays bounded whatever names are tried. */
  remembered: number;
  /** Where the failures of other processes are learned; absent: this process counts alone. */
  store?: FailureStore;
}

/** How long failures are gathered before other processes hear of them, and how many names at a time. */
const exchangeMs = 1_000;
const mostAtOnce = 1_000;

/**
 * Counts failures by name over a window. Counting and asking need memory only. Failures go to the store in the background, in one
 * call a second at most; while the store does not answer, this process counts alone.
 */
export class FailureLimiter {
  readonly #limits: FailureLimits;
  readonly #now: () => number;
  readonly #counts: LRUCache<string, { failures: number; until: number }>;
  /** Failures that other processes have not heard of. */
  #untold = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: FailureLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
    this.#counts = new LRUCache({ max: limits.remembered });
  }

  /** Seconds until the window of `name` ends, once it has failed too often; 0 before. */
  waitSeconds(name: string): number {
    const count = this.#counts.get(name);
    if (!count || count.failures < this.#limits.failures) return 0;
    return Math.max(0, Math.ceil((count.until - this.#now()) / 1000));
  }

  failed(name: string): void {
    const now = this.#now();
    const count = this.#counts.get(name);
    if (count && count.until > now) count.failures += 1;
    else this.#counts.set(name, { failures: 1, until: now + this.#limits.windowSeconds * 1000 });
    this.#tell(name);
  }

  /** Tells the store of the failures since the last time and learns those of others. Never throws. */
  async exchange(): Promise<void> {
    const { store } = this.#limits;
    const untold = this.#untold;
    if (!store || untold.size === 0) return;
    this.#untold = new Map();
    const now = this.#now();
    const news = [...untold].map(([name, failures]): FailureCount => {
      const until = this.#counts.peek(name)?.until ?? now + this.#limits.windowSeconds * 1000;
      return { name, failures, seconds: Math.max(1, Math.ceil((until - now) / 1000)) };
    });
    // A store that is away is not waited for: what it was to be told is counted here already.
    for (const { name, failures, seconds } of await store.add(news).catch(() => []))
      this.#counts.set(name, { failures: failures + (this.#untold.get(name) ?? 0), until: this.#now() + seconds * 1000 });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#untold.clear();
  }

  #tell(name: string): void {
    if (!this.#limits.store || (this.#untold.size >= mostAtOnce && !this.#untold.has(name))) return;
    this.#untold.set(name, (this.#untold.get(name) ?? 0) + 1);
    this.#timer ??= this.#tellLater();
  }

  #tellLater(): NodeJS.Timeout {
    const tell = async (): Promise<void> => {
      await this.exchange();
      // Failures that came meanwhile are told next time.
      this.#timer = this.#untold.size > 0 ? this.#tellLater() : undefined;
    };
    return setTimeout(() => void tell(), exchangeMs).unref();
  }
}
