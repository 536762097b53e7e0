/** Postgres is starting, stopping, out of connections or too slow (SQLSTATE classes 08, 53, 57P and 57014). */
const sqlStates = /^(?:08...|53...|57P0.|57014)$/;
const networkCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
const lostConnection = /Connection terminated|timeout expired|timeout exceeded when trying to connect|Client was closed/;

/** Whether an error means that the database cannot be asked now: the client should try again, and nobody need look for a mistake of ours. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isDatabaseAway);
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (networkCodes.has(code) || sqlStates.test(code))) return true;
  return lostConnection.test(error.message);
}
