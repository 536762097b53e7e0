import type { Broadcast, PipelinedPool } from '#lib/platform';
import { registryChanged } from '../registries/registry-changed.js';
import type { RegistrySnapshot } from './registry-snapshot.js';
import { readSnapshot } from './snapshot.query.js';

export interface RegistrySnapshotsOptions {
  /** Connections to the database with schema `control`. */
  pool: PipelinedPool;
  /** Tells when a registry changed; without it snapshots are refreshed by age alone. */
  broadcast?: Broadcast;
  /** `REGATTA_LOGIN_SERVER_SUFFIX`. */
  loginServerSuffix: string;
  /** How old a snapshot may be before it is read again. Default 30 seconds. */
  maxAgeMs?: number;
  /** How long a caller waits for Postgres before it is given what is remembered. Default 1 second. */
  patienceMs?: number;
  /** How many names are remembered, absent ones included. Default 100 000. */
  capacity?: number;
  /** The time in milliseconds; tests turn the clock. */
  now?: () => number;
}

interface Remembered {
  snapshot: RegistrySnapshot | null;
  /** When it was read; -Infinity once a change has been announced. */
  readAt: number;
}

/** A read under way. */
interface Reading {
  promise: Promise<RegistrySnapshot | null>;
  /** A change was announced meanwhile: what is being read may be older than it. */
  outdated: boolean;
}

/**
 * Registries as the data plane knows them: in memory, refreshed when the control plane announces a change
 * (channel `registry-changed`) and by age, and given as remembered while Postgres does not answer.
 */
export class RegistrySnapshots {
  readonly #options: Required<Omit<RegistrySnapshotsOptions, 'broadcast'>> & { broadcast?: Broadcast | undefined };
  readonly #remembered = new Map<string, Remembered>();
  readonly #reading = new Map<string, Reading>();
  #stopListening: (() => void) | undefined;

  constructor(options: RegistrySnapshotsOptions) {
    this.#options = { maxAgeMs: 30_000, patienceMs: 1_000, capacity: 100_000, now: Date.now, ...options };
  }

  /**
   * The registry with this name, or with this first label of its login server (`name` or `name-hash`), in any case.
   * Null when there is none. Throws only when Postgres does not answer and nothing is remembered.
   */
  async byName(name: string): Promise<RegistrySnapshot | null> {
    const key = name.toLowerCase();
    const known = this.#remembered.get(key);
    if (!known) return this.#read(key);
    const age = this.#options.now() - known.readAt;
    if (age < this.#options.maxAgeMs / 2) return known.snapshot;
    const fresh = this.#read(key);
    // Half-way to its end a snapshot is renewed behind the caller's back, so that busy registries never wait for it.
    if (age < this.#options.maxAgeMs) {
      fresh.catch(() => undefined);
      return known.snapshot;
    }
    return this.#orRemembered(fresh, known);
  }

  /** Begins to listen for changes. */
  async start(): Promise<void> {
    if (this.#stopListening || !this.#options.broadcast) return;
    // What was announced while nobody listened is lost: everything may have changed.
    this.#options.broadcast.onReconnect(() => this.#forgetAll());
    this.#stopListening = await this.#options.broadcast.subscribe(registryChanged, (payload) => this.#forget(payload));
  }

  /** Stops listening and forgets everything. */
  async close(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = undefined;
    await Promise.allSettled([...this.#reading.values()].map(({ promise }) => promise));
    this.#remembered.clear();
  }

  /** What changed must be read again before it is used, but is kept for the case that Postgres does not answer. */
  #forget(name: string): void {
    this.#forgetWhere((key) => key === name || key.startsWith(`${name}-`));
  }

  #forgetAll(): void {
    this.#forgetWhere(() => true);
  }

  #forgetWhere(changed: (key: string) => boolean): void {
    for (const [key, reading] of this.#reading) if (changed(key)) reading.outdated = true;
    for (const [key, known] of this.#remembered) {
      if (!changed(key)) continue;
      if (known.snapshot === null) this.#remembered.delete(key);
      else known.readAt = -Infinity;
    }
  }

  async #orRemembered(fresh: Promise<RegistrySnapshot | null>, known: Remembered): Promise<RegistrySnapshot | null> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<RegistrySnapshot | null>((resolve) => {
      timer = setTimeout(() => resolve(known.snapshot), this.#options.patienceMs);
    });
    try {
      return await Promise.race([fresh, patience]);
    } catch {
      return known.snapshot;
    } finally {
      clearTimeout(timer);
      fresh.catch(() => undefined);
    }
  }

  /** One read per name at a time, whoever asks. */
  #read(key: string): Promise<RegistrySnapshot | null> {
    const running = this.#reading.get(key);
    if (running) return running.promise;
    const reading: Reading = { promise: Promise.resolve(null), outdated: false };
    this.#reading.set(key, reading);
    reading.promise = this.#readUntilCurrent(key, reading).finally(() => this.#reading.delete(key));
    return reading.promise;
  }

  async #readUntilCurrent(key: string, reading: Reading): Promise<RegistrySnapshot | null> {
    for (;;) {
      reading.outdated = false;
      const readAt = this.#options.now();
      const snapshot = await readSnapshot(this.#options.pool, key, this.#options.loginServerSuffix);
      // A change announced while we read may have been committed after our read: look again.
      if (reading.outdated) continue;
      this.#makeRoom();
      this.#remembered.set(key, { snapshot, readAt });
      return snapshot;
    }
  }

  /** Names nobody has are remembered too, so that asking for them costs little; their number is bounded. */
  #makeRoom(): void {
    if (this.#remembered.size < this.#options.capacity) return;
    const oldest = this.#remembered.keys().next();
    if (!oldest.done) this.#remembered.delete(oldest.value);
  }
}
