import { LRUCache } from 'lru-cache';
import { invalid } from './compact-jws.js';

/** What verification of a token found: what the caller wants to know, and when it stops being true. */
export interface Verified<T> {
  value: T;
  /** Seconds since 1970, the token's `exp`. */
  exp: number;
}

export interface VerifiedTokensOptions<T> {
  /** Verifies a token never seen before; throws when it does not hold. */
  verify: (token: string) => Verified<T>;
  /** Grows when what was verified before is no longer sure; `KeyRing` is one. */
  epochOf: { readonly epoch: number };
  /** How many tokens are remembered; the least recently used goes first. */
  max?: number;
  now?: () => number;
}

interface Entry<T> extends Verified<T> {
  epoch: number;
}

/**
 * Remembers tokens that were verified, so that a token is verified once and not once per request. The key is the whole token,
 * signature included; expiry and the epoch of the keys are looked at every time. What does not hold is never remembered.
 */
export class VerifiedTokens<T> {
  readonly #verify: (token: string) => Verified<T>;
  readonly #epochOf: { readonly epoch: number };
  readonly #now: () => number;
  readonly #known: LRUCache<string, Entry<T>>;

  constructor(options: VerifiedTokensOptions<T>) {
    this.#verify = options.verify;
    this.#epochOf = options.epochOf;
    this.#now = options.now ?? Date.now;
    this.#known = new LRUCache<string, Entry<T>>({ max: options.max ?? 10_000 });
  }

  /** The value of a token, from memory or verified now. @throws what `verify` throws, and `InvalidToken` once it has expired. */
  get(token: string): T {
    return this.recall(token) ?? this.remember(token, this.#verify(token));
  }

  /** The value of a token verified before, as long as it holds. */
  recall(token: string): T | undefined {
    const entry = this.#known.get(token);
    if (entry === undefined) return undefined;
    if (entry.epoch === this.#epochOf.epoch && entry.exp > this.#now() / 1000) return entry.value;
    this.#known.delete(token);
    return undefined;
  }

  /** Remembers a token that the caller has just verified. */
  remember(token: string, { value, exp }: Verified<T>): T {
    if (exp <= this.#now() / 1000) throw invalid('The token has expired.');
    this.#known.set(token, { value, exp, epoch: this.#epochOf.epoch });
    return value;
  }

  /** Forgets everything: the next sight of each token verifies it again. */
  clear(): void {
    this.#known.clear();
  }

  get size(): number {
    return this.#known.size;
  }
}
