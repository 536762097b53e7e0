import { AsyncLocalStorage } from 'node:async_hooks';
import { pino, type DestinationStream, type Logger } from 'pino';
import { shownError } from './shown-error.js';

/** What ties the log lines of one request or job together. */
export interface Correlation {
  correlationId: string;
  requestId?: string;
}

/** Set at the edge of every request and job; read by every log line. */
export const correlation = new AsyncLocalStorage<Correlation>();

const secretNames = [
  'authorization',
  'password',
  'password2',
  'secret',
  'client_secret',
  'clientSecret',
  'token',
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
  'cookie',
  'passwords',
  'REGATTA_SECRET_KEY',
  'DATABASE_URL',
  'REDIS_URL',
];

/** Names and, one level and two levels deeper, `*.name`: pino's redaction paths. */
export const redactedPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `req.headers.${name}`, `headers.${name}`]);

/** What waits for a reader that does not read. Lines beyond are lost: a process must not stop for its log. */
const mostWaiting = 16 * 1024 * 1024;

/** Standard output, written in the background; what waits is written when the process exits. */
const standardOutput = (): DestinationStream => pino.destination({ dest: 1, sync: false, maxLength: mostWaiting });

/**
 * A JSON logger to standard output: one line an event, `name` of the process, correlation id of the request or job,
 * secrets replaced by `[redacted]`.
 */
export function newLogger(options: { name: string; level?: string; destination?: DestinationStream }): Logger {
  const settings = {
    name: options.name,
    level: options.level ?? 'info',
    serializers: { err: shownError },
    redact: { paths: redactedPaths, censor: '[redacted]' },
    mixin: () => correlation.getStore() ?? {},
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(settings, options.destination ?? standardOutput());
}

export type { Logger } from 'pino';
