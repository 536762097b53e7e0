/** Of an error, what a log line holds. */
export interface ShownError {
  type: string;
  message: string;
  stack?: string | undefined;
  cause?: ShownError;
  errors?: ShownError[];
  [more: string]: unknown;
}

/** Words and numbers that name a failure. What else libraries put into an error holds what was sent: parameters, commands, requests. */
const naming = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'severity',
  'routine',
  'schema',
  'table',
  'column',
  'constraint',
  'query',
  'status',
];
const deepest = 5;
const mostErrors = 10;

/** An error as a log may hold it: its name, its message, where it was thrown, what caused it; none of the values it was about. */
export function shownError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'object' && error !== null ? '[not an error]' : error;
  const { cause, errors, driverError } = error as { cause?: unknown; errors?: unknown; driverError?: unknown };
  const type = error.constructor.name || error.name;
  const message = withoutValues(error);
  const shown: ShownError = { type, message, stack: `${type}: ${message}${framesOf(error)}` };
  for (const name of naming) {
    const value = (error as unknown as Record<string, unknown>)[name] ?? (driverError as Record<string, unknown> | undefined)?.[name];
    if (typeof value === 'string' || typeof value === 'number') shown[name] = value;
  }
  if (depth === deepest) return shown;
  if (cause instanceof Error) shown.cause = shownError(cause, depth + 1) as ShownError;
  if (Array.isArray(errors)) shown.errors = errors.slice(0, mostErrors).map((one) => shownError(one, depth + 1) as ShownError);
  return shown;
}

/** Postgres quotes a value that it cannot read (class 22), and so does a parser of JSON. */
function withoutValues(error: Error): string {
  const { code } = error as { code?: unknown };
  if (error instanceof SyntaxError) return error.message.replace(/, (?:\.\.\.)?".* is not valid JSON$/s, ' of what should be JSON');
  if (typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code)) return error.message.replace(/: ".*$/s, '');
  return error.message;
}

/** The lines of a stack after its message, which may itself have several. */
function framesOf({ stack = '' }: Error): string {
  const frames = /(?:\n {4}at .*)+$/.exec(stack)?.[0];
  return frames ?? '';
}
