import { LRUCache } from 'lru-cache';
import type { StoredCredentials } from './principals.table.js';

const rememberedMs = 60_000;

/** What was read of one client id. */
export interface KnownCredentials extends StoredCredentials {
  /** When the read began, by `performance.now()`. */
  readonly askedAt: number;
}

interface Remembered {
  known: KnownCredentials;
  until: number;
}

export interface CredentialMemoryOptions {
  read: (clientId: string) => Promise<StoredCredentials>;
  now: () => number;
}

/** Remembers salts and hashes by client id, so that a sign-in costs no query. Ids that no principal has are remembered apart, in less room. */
export class CredentialMemory {
  readonly #options: CredentialMemoryOptions;
  readonly #principals = new LRUCache<string, Remembered>({ max: 10_000 });
  readonly #absent = new LRUCache<string, Remembered>({ max: 1_000 });
  readonly #reading = new Map<string, Promise<KnownCredentials>>();
  #generation = 0;

  constructor(options: CredentialMemoryOptions) {
    this.#options = options;
  }

  /** As remembered, as a read under way will find it, or read now. */
  async of(clientId: string): Promise<KnownCredentials> {
    const remembered = this.#principals.get(clientId) ?? this.#absent.get(clientId);
    if (remembered && remembered.until > this.#options.now()) return remembered.known;
    return this.#reading.get(clientId) ?? this.read(clientId);
  }

  /** Read now. */
  read(clientId: string): Promise<KnownCredentials> {
    const reading = this.#read(clientId).finally(() => {
      if (this.#reading.get(clientId) === reading) this.#reading.delete(clientId);
    });
    this.#reading.set(clientId, reading);
    return reading;
  }

  forget(clientId: string): void {
    this.#generation += 1;
    this.#reading.delete(clientId);
    this.#principals.delete(clientId);
    this.#absent.delete(clientId);
  }

  /** Forgets everything: changes may have been missed. */
  clear(): void {
    this.#generation += 1;
    this.#reading.clear();
    this.#principals.clear();
    this.#absent.clear();
  }

  async #read(clientId: string): Promise<KnownCredentials> {
    const [askedAt, generation, until] = [performance.now(), this.#generation, this.#options.now() + rememberedMs];
    const known = { ...(await this.#options.read(clientId)), askedAt };
    // What was read before a change is not remembered after it.
    if (generation === this.#generation) (known.principal ? this.#principals : this.#absent).set(clientId, { known, until });
    return known;
  }
}
