import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Fault } from '#lib/domain';
import { hashSecret } from './secret-hash.js';

/** scrypt takes a thread of libuv's four; the others stay free for files. */
const atOnce = 2;
const maxWaiting = 256;

/** Runs scrypt a few at a time; refuses with `TooManyRequests` when too many wait. */
export class ScryptQueue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async hash(secret: string, salt: Buffer): Promise<Buffer> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= maxWaiting) throw new Fault('TooManyRequests', 'Too many sign-ins are waiting. Try again later.');
      await new Promise<void>((go) => this.#waiting.push(go));
    } else {
      this.#running += 1;
    }
    try {
      return await hashSecret(secret, salt);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}

interface Remembered<T> {
  clientId: string;
  value: T;
  until: number;
}

/**
 * Remembers which secrets were right, by an HMAC under a key of this process: neither the secret nor anything that helps to
 * guess it after the process has ended. Wrong secrets are never remembered.
 */
export class RightSecrets<T extends object> {
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  readonly #known: LRUCache<string, Remembered<T>>;
  #generation = 0;

  constructor(now: () => number, max = 10_000) {
    this.#now = now;
    this.#known = new LRUCache({ max });
  }

  /** The name under which this pair is remembered, and its single flight is known. */
  nameOf(clientId: string, secret: string): string {
    return createHmac('sha256', this.#key).update(`${clientId}\0${secret}`).digest('base64url');
  }

  get(name: string): T | undefined {
    const found = this.#known.get(name);
    if (!found) return undefined;
    if (found.until > this.#now()) return found.value;
    this.#known.delete(name);
    return undefined;
  }

  set(name: string, clientId: string, value: T, until: number): void {
    this.#known.set(name, { clientId, value, until });
  }

  /** Grows with each `forget`: what was read before must not be remembered after. */
  get generation(): number {
    return this.#generation;
  }

  /** Forgets what is known about one principal. */
  forget(clientId: string): void {
    this.#generation += 1;
    for (const [name, found] of this.#known.entries()) if (found.clientId === clientId) this.#known.delete(name);
  }

  /** Forgets everything: changes may have been missed. */
  clear(): void {
    this.#generation += 1;
    this.#known.clear();
  }

  /** A salt for a principal that does not exist: always the same for the same name, unknown outside. */
  saltOfNobody(clientId: string): Buffer {
    return createHmac('sha256', this.#key).update(`salt\0${clientId}`).digest().subarray(0, 16);
  }
}
