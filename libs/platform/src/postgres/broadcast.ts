import type { Logger } from '../log/log.js';
import { Connection, defaultStatementTimeoutMs } from './connection.js';
import { isDatabaseAway } from './is-away.js';

/** Anything that can run one SQL statement: an EntityManager, a data source, a `pg` client. */
export interface SqlRunner {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

type Listener = (payload: string) => void;

const firstPauseMs = 250;
const furtherPauseMs = 1_000;

/**
 * Short messages to every process of the installation, by Postgres LISTEN/NOTIFY. Delivery is best effort: a process that is
 * away misses them, so every listener also refreshes by age. `onReconnect` says when something may have been missed.
 */
export class Broadcast {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #reconnected = new Set<() => void>();
  #client: Connection | null = null;
  #turn: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(private readonly settings: { url: string; applicationName: string; logger?: Logger }) {}

  /** Sends when the transaction of `runner` commits, at once where there is none. At most 7,999 bytes. */
  async publish(runner: SqlRunner, channel: string, payload: string): Promise<void> {
    await runner.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /**
   * While the database is away, listening begins when it answers; `onReconnect` tells.
   * @returns a function that ends the subscription.
   */
  async subscribe(channel: string, listener: Listener): Promise<() => void> {
    const known = this.#listeners.get(channel);
    if (known) known.add(listener);
    else {
      this.#listeners.set(channel, new Set([listener]));
      await this.#inTurn(() => this.#listen(channel));
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
    await this.#turn;
    await this.#client?.end().catch(() => {});
  }

  /** One after another: a connection takes one statement at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #listen(channel: string): Promise<void> {
    if (this.#retry) return; // The next connection listens to every channel there is.
    try {
      const client = this.#client ?? (await this.#connect());
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      this.#connectLater(error);
    }
  }

  async #connect(): Promise<Connection> {
    const { url, applicationName } = this.settings;
    const client = new Connection({
      connectionString: url,
      application_name: applicationName,
      statement_timeout: defaultStatementTimeoutMs,
    });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload ?? '');
    });
    const lost = (error: unknown): void => {
      if (this.#client !== client) return; // Told before; by now another may have taken its place.
      this.#client = null;
      this.#connectLater(error);
    };
    client.on('error', lost);
    client.on('end', () => lost(new Error('The connection ended.')));
    await client.connect();
    this.#client = client;
    return client;
  }

  #connectLater(reason: unknown): void {
    if (this.#closed || this.#retry) return;
    this.settings.logger?.warn({ err: reason }, 'no connection for notifications; connecting again');
    const again = (pause: number): void => {
      this.#retry = setTimeout(() => void this.#inTurn(() => this.#reconnect()).catch(() => again(furtherPauseMs)), pause);
    };
    again(firstPauseMs);
  }

  async #reconnect(): Promise<void> {
    if (this.#closed) return;
    await this.#client?.end().catch(() => {}); // It was lost while the one before it was replaced.
    const client = await this.#connect();
    for (const channel of this.#listeners.keys()) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    if (this.#client !== client) throw new Error('The connection was lost again.');
    this.#retry = null;
    for (const listener of this.#reconnected) listener();
  }
}
