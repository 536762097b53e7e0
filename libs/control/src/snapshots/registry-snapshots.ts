import { LRUCache } from 'lru-cache';
import type { Broadcast, PipelinedPool } from '#lib/platform';
import { registryChanged } from '../registries/registry-changed.js';
import type { RegistrySnapshot } from './registry-snapshot.js';
import { readSnapshot } from './snapshot.query.js';

export interface RegistrySnapshotsOptions {
  /** Connections to the database with schema `control`. */
  pool: Pick<PipelinedPool, 'query'>;
  /** Tells when a registry changed; without it snapshots are refreshed by age alone. */
  broadcast?: Pick<Broadcast, 'subscribe' | 'onReconnect'>;
  /** `REGATTA_LOGIN_SERVER_SUFFIX`. */
  loginServerSuffix: string;
  /** How old a snapshot may be before it is read again. Default 30 seconds. */
  maxAgeMs?: number;
  /** How long a caller waits for Postgres before it is given what is remembered. Default 1 second. */
  patienceMs?: number;
  /** How many names of registries are remembered. Default 100 000. */
  capacity?: number;
  /** How many names that no registry has are remembered besides. Default 10 000. */
  absentCapacity?: number;
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
  readonly #options: Required<Omit<RegistrySnapshotsOptions, 'broadcast'>> & Pick<RegistrySnapshotsOptions, 'broadcast'>;
  /** By name and by login label; both names of a registry share one entry. */
  readonly #known: LRUCache<string, Remembered>;
  /** Names that no registry has, apart: clients choose them, and must not push out what exists. */
  readonly #absent: LRUCache<string, Remembered>;
  readonly #reading = new Map<string, Reading>();
  #stopListening: (() => void) | undefined;

  constructor(options: RegistrySnapshotsOptions) {
    this.#options = { maxAgeMs: 30_000, patienceMs: 1_000, capacity: 100_000, absentCapacity: 10_000, now: Date.now, ...options };
    this.#known = new LRUCache({ max: this.#options.capacity });
    this.#absent = new LRUCache({ max: this.#options.absentCapacity });
  }

  /**
   * The registry with this name, or with this first label of its login server (`name` or `name-hash`), in any case.
   * Null when there is none. Throws only when Postgres does not answer and nothing is remembered.
   */
  async byName(name: string): Promise<RegistrySnapshot | null> {
    const key = name.toLowerCase();
    const remembered = this.#known.get(key) ?? this.#absent.get(key);
    if (!remembered) return this.#read(key);
    const age = this.#options.now() - remembered.readAt;
    if (age < this.#options.maxAgeMs / 2) return remembered.snapshot;
    const fresh = this.#read(key);
    // From half its age on, a snapshot is refreshed in the background, so that busy registries never wait for it.
    if (age < this.#options.maxAgeMs) {
      fresh.catch(() => undefined);
      return remembered.snapshot;
    }
    return this.#orRemembered(fresh, remembered);
  }

  /** Begins to listen for changes. */
  async start(): Promise<void> {
    if (this.#stopListening || !this.#options.broadcast) return;
    // What was announced while this process did not listen is lost: everything may have changed.
    this.#options.broadcast.onReconnect(() => this.#forgetAll());
    this.#stopListening = await this.#options.broadcast.subscribe(registryChanged, (key) => this.#forget(key));
  }

  /** Stops listening and forgets everything. */
  async close(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = undefined;
    await Promise.allSettled([...this.#reading.values()].map(({ promise }) => promise));
    this.#known.clear();
    this.#absent.clear();
  }

  /** What changed is read again before it is used, but is kept for the case that Postgres does not answer. */
  #forget(key: string): void {
    const reading = this.#reading.get(key);
    if (reading) reading.outdated = true;
    const known = this.#known.peek(key);
    if (known) known.readAt = -Infinity;
    this.#absent.delete(key);
  }

  #forgetAll(): void {
    for (const reading of this.#reading.values()) reading.outdated = true;
    for (const known of this.#known.values()) known.readAt = -Infinity;
    this.#absent.clear();
  }

  async #orRemembered(fresh: Promise<RegistrySnapshot | null>, remembered: Remembered): Promise<RegistrySnapshot | null> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<RegistrySnapshot | null>((resolve) => {
      timer = setTimeout(() => resolve(remembered.snapshot), this.#options.patienceMs);
    });
    try {
      return await Promise.race([fresh, patience]);
    } catch {
      return remembered.snapshot;
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
      this.#remember(key, { snapshot, readAt });
      return snapshot;
    }
  }

  #remember(key: string, remembered: Remembered): void {
    const { snapshot } = remembered;
    if (!snapshot) {
      this.#known.delete(key);
      this.#absent.set(key, remembered);
      return;
    }
    for (const name of [snapshot.name.toLowerCase(), snapshot.loginServer.split('.', 1)[0]!]) {
      this.#known.set(name, remembered);
      this.#absent.delete(name);
    }
  }
}
