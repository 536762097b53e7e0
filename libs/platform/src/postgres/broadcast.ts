import { Client } from 'pg';
import type { Logger } from '../log/log.js';

/** Anything that can run one SQL statement: an EntityManager, a data source, a `pg` client. */
export interface SqlRunner {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

type Listener = (payload: string) => void;

/**
 * Short messages to every process of the installation, by Postgres LISTEN/NOTIFY. Delivery is best effort: a process that is
 * away misses them, so every listener also refreshes by age. `onReconnect` says when something may have been missed.
 */
export class Broadcast {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #reconnected = new Set<() => void>();
  #client: Promise<Client> | null = null;
  #turn: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(private readonly settings: { url: string; applicationName: string; logger?: Logger }) {}

  /** Sends when the transaction of `runner` commits, at once where there is none. At most 7,999 bytes. */
  async publish(runner: SqlRunner, channel: string, payload: string): Promise<void> {
    await runner.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /** @returns a function that ends the subscription. */
  async subscribe(channel: string, listener: Listener): Promise<() => void> {
    const known = this.#listeners.get(channel);
    if (known) known.add(listener);
    else {
      this.#listeners.set(channel, new Set([listener]));
      await this.#listen(channel);
    }
    return () => this.#listeners.get(channel)?.delete(listener);
  }

  /** Calls back after the connection was lost and found again: what was sent meanwhile was not received. */
  onReconnect(listener: () => void): void {
    this.#reconnected.add(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    const client = await this.#client?.catch(() => null);
    await client?.end().catch(() => {});
  }

  /** One after another: a client takes one statement at a time. */
  #listen(channel: string): Promise<void> {
    const turn = this.#turn.then(async () => {
      const client = await (this.#client ??= this.#connect());
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #connect(): Promise<Client> {
    const client = new Client({ connectionString: this.settings.url, application_name: this.settings.applicationName, keepAlive: true });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload ?? '');
    });
    client.on('error', (error) => this.#lost(error));
    client.on('end', () => this.#lost(new Error('The connection ended.')));
    await client.connect();
    return client;
  }

  #lost(error: Error): void {
    if (this.#closed || this.#retry) return;
    this.settings.logger?.warn({ err: error }, 'lost the connection for notifications; connecting again');
    this.#client = null;
    const again = async () => {
      try {
        const client = await (this.#client = this.#connect());
        for (const channel of this.#listeners.keys()) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
        this.#retry = null;
        for (const listener of this.#reconnected) listener();
      } catch {
        this.#retry = setTimeout(() => void again(), 1_000);
      }
    };
    this.#retry = setTimeout(() => void again(), 250);
  }
}
