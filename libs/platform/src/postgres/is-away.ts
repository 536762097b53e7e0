import { DatabaseError } from 'pg';
import { QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';

/**
 * What Postgres says when it cannot be asked now: connection exceptions (08), no resources (53), shutting down, starting or crashed
 * (57P), a statement that took too long (57014), a standby after a failover (25006), a statement that was not prepared because
 * another one failed (26000, 42P05).
 */
const sqlStates = /^(?:08...|53...|57P0.|57014|25006|26000|42P05)$/;

const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

/** What `pg`, its pool and ours say of a connection that is lost, or that could not be had in time. */
const driverMessages =
  /^(?:Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$|Client (?:was closed|has encountered a connection error) and is not queryable$|Cannot use a pool after calling end on the pool$|The connection pool is closed\.$)/;

const lost = new WeakSet<object>();

/** Remembers that this error is the loss of a connection to Postgres: its code alone could be that of any other connection. */
export function markLost(error: unknown): void {
  if (typeof error === 'object' && error !== null) lost.add(error);
}

/**
 * True if an error of the driver says that the database cannot be asked now: the caller should try again in a moment. The same
 * network error of a client's own connection is not one.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (lost.has(error)) return true;
  // TypeORM wraps the driver's error, and releases the query runner whose connection was lost between two statements.
  if (error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError) return true;
  const { driverError } = error as { driverError?: unknown };
  if (driverError !== undefined) return isDatabaseAway(driverError);
  if (error instanceof DatabaseError) return sqlStates.test(error.code ?? '');
  return driverMessages.test(error.message);
}

/** True if the database could not be written because its disk is full: reading goes on, and writing once there is room. */
export function isDatabaseFull(error: unknown): boolean {
  const cause = (error as { driverError?: unknown } | null)?.driverError ?? error;
  return cause instanceof DatabaseError && cause.code === '53100';
}

/** True if the network, not Postgres, is why a connection could not be opened. */
export function isNetworkFailure(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isNetworkFailure);
  return networkCodes.has((error as { code?: string } | null)?.code ?? '');
}
