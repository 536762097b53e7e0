import { Client, type QueryResult } from 'pg';
import { isNetworkFailure, markLost } from './is-away.js';

/**
 * The one class of connections to Postgres, in every pool. `pg` emits the loss of a connection as an `error` event; an event that
 * nothing listens to ends the process. And it answers COMMIT as Postgres does: with ROLLBACK after a statement that failed.
 */
export class Connection extends Client {
  constructor(...settings: ConstructorParameters<typeof Client>) {
    super(...settings);
    this.on('error', markLost);
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
    const answer = (super.query as (...all: unknown[]) => unknown).apply(this, question);
    if (question[0] !== 'COMMIT' || !(answer instanceof Promise)) return answer as never;
    return answer.then(requireCommitted) as never;
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
