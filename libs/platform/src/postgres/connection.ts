import type { Socket } from 'node:net';
import { Client, type ClientConfig, type QueryResult } from 'pg';
import { isNetworkFailure, markLost } from './is-away.js';

/** Longer than any statement of a request or a job may take. Migrations run without. */
export const defaultStatementTimeoutMs = 15_000;

/** A statement that waits without an answer is looked at so often in the time it may take, and is given a quarter of it more. */
const looks = 4;
const silentLooks = looks + 2;

/**
 * The one class of connections to Postgres, in every pool. `pg` emits the loss of a connection as an `error` event; an event that
 * nothing listens to ends the process. And it answers COMMIT as Postgres does: with ROLLBACK after a statement that failed.
 *
 * A network that drops packets does not report it. Where `statement_timeout` makes Postgres answer in time, a connection on which
 * nothing comes back for longer is ended as lost; one that is idle is told by the keep-alive of TCP.
 */
export class Connection extends Client {
  readonly #statementTimeoutMs: number;
  #waiting = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(settings: ClientConfig = {}) {
    super({ keepAlive: true, keepAliveInitialDelayMillis: 10_000, connectionTimeoutMillis: 10_000, ...settings });
    this.#statementTimeoutMs = Number(settings.statement_timeout) || 0;
    this.on('error', markLost);
    this.on('drain', () => (this.#waiting = false));
    this.on('end', () => clearInterval(this.#watch));
  }

  override connect(): Promise<Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<Client> | void {
    if (!callback) return super.connect().catch((error: unknown) => refused(error));
    super.connect((error: Error | null) => {
      if (isNetworkFailure(error)) markLost(error);
      callback(error!);
    });
  }

  // The signatures of `query` are many; only what it is asked matters here.
  override query(...question: unknown[]): never {
    this.#waiting = true;
    if (!this.#watch && this.#statementTimeoutMs > 0) this.#watch = this.#watchForSilence();
    const answer = (super.query as (...all: unknown[]) => unknown).apply(this, question);
    if (question[0] !== 'COMMIT' || !(answer instanceof Promise)) return answer as never;
    return answer.then(requireCommitted) as never;
  }

  /** One timer for each connection, not for each statement: those are many. */
  #watchForSilence(): NodeJS.Timeout {
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
    let heard = stream.bytesRead;
    let silent = 0;
    const look = (): void => {
      silent = this.#waiting && stream.bytesRead === heard ? silent + 1 : 0;
      heard = stream.bytesRead;
      if (silent >= silentLooks) stream.destroy(new Error('Postgres does not answer: the connection is given up.'));
    };
    return setInterval(look, this.#statementTimeoutMs / looks).unref();
  }
}

function refused(error: unknown): never {
  if (isNetworkFailure(error)) markLost(error);
  throw error;
}

function requireCommitted(result: QueryResult): QueryResult {
  if (result.command === 'COMMIT') return result;
  throw new Error('The transaction was rolled back: a statement in it had failed.');
}
