import { LRUCache } from 'lru-cache';

export interface FailureLimits {
  /** Failures allowed within `windowSeconds`. */
  failures: number;
  windowSeconds: number;
  /** How many names are remembered; memory stays bounded whatever names are tried. */
  remembered: number;
}

/** Counts failures by name over a window. Successes are never counted, so whoever knows the secret is not slowed. */
export class FailureLimiter {
  readonly #limits: FailureLimits;
  readonly #now: () => number;
  readonly #counts: LRUCache<string, { failures: number; until: number }>;

  constructor(limits: FailureLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
    this.#counts = new LRUCache({ max: limits.remembered });
  }

  /** Seconds until `name` may try again; 0 when it may try now. */
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
  }
}
