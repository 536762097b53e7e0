import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { armError } from '#lib/arm';
import type { Logger } from '#lib/platform';
import type { Refusal } from '../arm-http/access.js';
import { faultOfPostgres } from '../arm-http/framework-faults.js';
import { LOGGER } from '../arm-http/tokens.js';
import { correlationIdOf } from './correlation-id.js';
import { EntraError, entraErrorBody } from './entra-error.js';

/** No cache keeps an answer of the token issuer (RFC 6749, 5.1). */
export const unseen = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** What is refused before the form is read, such as one that is too large, with the status it has everywhere. */
export const entraRefusal: Refusal = (fault, request) => {
  const { status } = armError(fault);
  const error =
    status < 500
      ? new EntraError(status, 'invalid_request', 900144, fault.message)
      : new EntraError(status, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.');
  return { status, body: entraErrorBody(error, correlationIdOf(request)), headers: unseen };
};

/** Every failure of the token issuer in Entra's form. What has no name is logged whole and told without detail. */
@Catch()
export class EntraErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly log: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const error = this.#named(thrown);
    void http
      .getResponse<FastifyReply>()
      .status(error.status)
      .headers({ ...error.headers, ...unseen })
      .header('content-type', 'application/json; charset=utf-8')
      .send(entraErrorBody(error, correlationIdOf(request)));
  }

  #named(thrown: unknown): EntraError {
    if (thrown instanceof EntraError) return thrown;
    if (thrown instanceof HttpException && thrown.getStatus() < 500) {
      return new EntraError(thrown.getStatus(), 'invalid_request', 900144, 'The request could not be read.');
    }
    if (faultOfPostgres(thrown)) {
      this.log.warn({ err: thrown }, 'the token issuer cannot reach the database');
      return new EntraError(503, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.', {
        'retry-after': '2',
      });
    }
    this.log.error({ err: thrown }, 'the token issuer failed');
    return new EntraError(500, 'server_error', 90033, 'A transient error has occurred. Please try again.');
  }
}
