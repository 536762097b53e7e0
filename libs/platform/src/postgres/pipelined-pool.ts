import { type Client, type ClientConfig, DatabaseError, Pool } from 'pg';
import { Connection, defaultStatementTimeoutMs } from './connection.js';

/** A statement that is prepared once per connection and then known by its name. */
export interface Statement {
  name: string;
  text: string;
}

/** Runs prepared statements; in a transaction, several may be under way at once and run in the order they were sent. */
export interface Queries {
  query<R extends object>(statement: Statement, values: unknown[]): Promise<R[]>;
}

export interface PipelinedPoolSettings {
  url: string;
  applicationName: string;
  /** Shared pipelined connections for single statements; 2 unless told (performance.md, 5a.4). */
  connections?: number;
  /** Connections that transactions take for themselves; 8 unless told. */
  transactionConnections?: number;
  /** Connections for statements that may take long; 4 unless told. */
  apartConnections?: number;
  /** A statement that runs longer is ended by Postgres; 15 s unless told. */
  statementTimeoutMs?: number;
  onError?: (error: Error) => void;
}

/**
 * The hot path's way to Postgres: single statements of many requests share few connections in pipeline mode, so that none
 * waits for another's round trip. A lost connection is opened again; the statements under way on it fail.
 */
export class PipelinedPool implements Queries {
  readonly #config: ClientConfig;
  readonly #slots: (Promise<Client> | null)[];
  readonly #transactions: Pool;
  readonly #apart: Pool;
  readonly #onError: (error: Error) => void;
  #next = 0;
  #closed = false;

  constructor(settings: PipelinedPoolSettings) {
    this.#config = {
      connectionString: settings.url,
      application_name: settings.applicationName,
      pipeline: true,
      statement_timeout: settings.statementTimeoutMs ?? defaultStatementTimeoutMs,
      connectionTimeoutMillis: 10_000,
    };
    this.#slots = Array.from({ length: settings.connections ?? 2 }, () => null);
    this.#transactions = new Pool({
      ...this.#config,
      Client: Connection,
      max: settings.transactionConnections ?? 8,
      idleTimeoutMillis: 60_000,
    });
    this.#apart = new Pool({ ...this.#config, Client: Connection, max: settings.apartConnections ?? 4, idleTimeoutMillis: 60_000 });
    this.#onError = settings.onError ?? (() => {});
    for (const pool of [this.#transactions, this.#apart]) pool.on('error', this.#onError);
  }

  async query<R extends object>(statement: Statement, values: unknown[]): Promise<R[]> {
    try {
      return await this.#shared(statement, values);
    } catch (error) {
      if (!isUnderWrongName(error)) throw error;
      return this.#shared(statement, values);
    }
  }

  /** The same for a statement that may take long, such as a listing: nothing else waits behind it on its connection. */
  async queryApart<R extends object>(statement: Statement, values: unknown[]): Promise<R[]> {
    const result = await this.#apart.query<R & Record<string, unknown>>({ name: statement.name, text: statement.text, values });
    return result.rows;
  }

  /** Runs `work` in one transaction on a connection of its own; rolled back when it throws. */
  async tx<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const client = await this.#transactions.connect();
    const queries: Queries = {
      query: async <R extends object>(statement: Statement, values: unknown[]) =>
        (await client.query<R & Record<string, unknown>>({ name: statement.name, text: statement.text, values })).rows,
    };
    let broken: Error | undefined;
    const lost = (error: Error): void => {
      broken ??= error;
      this.#onError(error);
    };
    client.on('error', lost);
    try {
      // Sent ahead of the first statement, not awaited: one round trip less. A failure shows in the statements that follow.
      const begun = client.query('BEGIN');
      begun.catch(() => {});
      const value = await work(queries);
      await client.query('COMMIT');
      return value;
    } catch (error) {
      await client.query('ROLLBACK').catch((cause: unknown) => (broken ??= cause as Error));
      throw error;
    } finally {
      client.off('error', lost);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const clients = await Promise.allSettled(this.#slots.filter((slot) => slot !== null));
    await Promise.all(clients.map((client) => (client.status === 'fulfilled' ? client.value.end() : undefined)));
    await Promise.all([this.#transactions.end(), this.#apart.end()]);
  }

  async #shared<R extends object>(statement: Statement, values: unknown[]): Promise<R[]> {
    const client = await this.#client();
    const result = await client.query<R & Record<string, unknown>>({ name: statement.name, text: statement.text, values });
    return result.rows;
  }

  #client(): Promise<Client> {
    const at = (this.#next = (this.#next + 1) % this.#slots.length);
    return this.#slots[at] ?? this.#open(at);
  }

  #open(at: number): Promise<Client> {
    const client = new Connection(this.#config);
    const opening = this.#connect(client);
    this.#slots[at] = opening;
    // A lost connection says so twice; by the second time another may be in its place.
    const forget = (): void => {
      if (this.#slots[at] === opening) this.#slots[at] = null;
    };
    client.on('error', (error) => {
      forget();
      this.#onError(error);
    });
    client.on('end', forget);
    opening.catch(forget);
    return opening;
  }

  async #connect(client: Connection): Promise<Client> {
    if (this.#closed) throw new Error('The connection pool is closed.');
    await client.connect();
    return client;
  }
}

/**
 * True for a statement that did not run because of another on the same connection: it was sent by its name behind the one that
 * should have prepared it and failed (26000), or prepared what was prepared by then (42P05).
 */
function isUnderWrongName(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '26000' || error.code === '42P05');
}
