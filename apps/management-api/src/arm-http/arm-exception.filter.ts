import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { armError, unnamedError } from '#lib/arm';
import { Fault } from '#lib/domain';
import type { Logger } from '#lib/platform';
import { faultOfHttp, faultOfPostgres } from './framework-faults.js';
import type { Refusal } from './access.js';
import { RecordedFailure } from './recorded-failure.js';
import { LOGGER } from './tokens.js';

/** The one place where what was thrown becomes an answer. What has no name is logged whole and told as 500 without detail. */
@Catch()
export class ArmExceptionFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (exception instanceof RecordedFailure) {
      void reply.status(409).send({ error: exception.error });
      return;
    }
    const fault = named(exception);
    if (!fault) {
      this.logger.error(
        { err: exception, method: request.method, route: request.routeOptions?.url },
        'a request failed for no known reason',
      );
      void reply.status(500).header('content-type', 'application/json; charset=utf-8').send(unnamedError());
      return;
    }
    const refusal: Refusal = request.routeOptions?.config?.refusal ?? armError;
    const { status, body, headers } = refusal(fault, request);
    if (headers) reply.headers(headers);
    if (status >= 500) this.logger.error({ err: fault }, 'a request failed');
    const wait = (fault.detail as { retryAfterSeconds?: unknown } | undefined)?.retryAfterSeconds;
    if (typeof wait === 'number') reply.header('retry-after', String(Math.ceil(wait)));
    else if (status === 503) reply.header('retry-after', '2');
    void reply.status(status).header('content-type', 'application/json; charset=utf-8').send(body);
  }
}

function named(exception: unknown): Fault | null {
  if (exception instanceof Fault) return exception;
  const status = exception instanceof HttpException ? exception.getStatus() : (exception as { statusCode?: number } | null)?.statusCode;
  return faultOfPostgres(exception) ?? faultOfHttp(exception, status);
}
