import { HttpException } from '@nestjs/common';
import { Fault } from '#lib/domain';
import { isDatabaseAway, isDatabaseFull } from '#lib/platform';

/** What Fastify and Nest refuse before a handler runs, by status and by Fastify's own code. */
export function faultOfHttp(exception: unknown, status: number | undefined): Fault | null {
  const { code, message } = exception as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : '';
  if (status === 413 || code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Fault('RequestTooLarge', 'The request body is larger than this route takes.');
  if (status === 415) return new Fault('UnsupportedMediaType', 'The request body must be JSON: send Content-Type: application/json.');
  if (code === 'FST_ERR_BAD_URL') return new Fault('InvalidParameter', 'The URL is not percent-encoded as it must be.');
  if (exception instanceof SyntaxError || status === 400) {
    return new Fault('InvalidRequestContent', `The request content was invalid and could not be deserialized: '${text.slice(0, 200)}'.`);
  }
  if (status === 414) return new Fault('InvalidParameter', 'A name in the URL is longer than 512 characters.');
  if (status === 429) return new Fault('TooManyRequests', 'Too many requests; try again later.');
  if (status === 401) return new Fault('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing or invalid.");
  if (status === 403) return new Fault('AuthorizationFailed', 'The caller is not allowed to do this.');
  if (status === 503 || code === 'FST_ERR_CLOSE') return new Fault('ServiceUnavailable', 'The service is shutting down; try again.');
  if (exception instanceof HttpException && status !== undefined && status < 500) return new Fault('InvalidParameter', text);
  return null;
}

/** The database does not answer, or cannot be written: the client may try again. */
export function faultOfPostgres(exception: unknown): Fault | null {
  if (isDatabaseFull(exception))
    return new Fault('ServiceUnavailable', 'The disk of the database is full; try again later.', { cause: exception });
  if (!isDatabaseAway(exception)) return null;
  return new Fault('ServiceUnavailable', 'The service cannot reach its database at the moment; try again.', { cause: exception });
}
