import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { shownPath } from './request-target.js';
import {
  correlation,
  httpMetrics,
  LineBudget,
  type Correlation,
  type Logger,
  type RequestOrigin,
  type TrustedProxies,
} from '#lib/platform';

declare module 'fastify' {
  interface FastifyRequest {
    correlation?: Required<Correlation>;
    startedAt?: bigint;
    /** Where the request comes from, as far as trusted proxies tell. */
    origin?: RequestOrigin;
  }
}

/** nginx's word for a client that did not wait for its answer. */
const clientGone = 499;

const safeId = /^[A-Za-z0-9._:-]{1,128}$/;
/** Asked for every few seconds by machines: not worth a line in the log each. */
const quietRoutes = new Set(['/livez', '/readyz', '/startupz']);

/**
 * What every request gets, whatever it is for: ids (ARM RPC, common API details), the correlation of its log lines, one log
 * line, and its place in the metrics. Of requests without a known caller that were refused, lines are written in samples.
 */
export function addRequestContext(fastify: FastifyInstance, logger: Logger, proxies: TrustedProxies): void {
  const strangers = new LineBudget(logger);
  fastify.addHook('onRequest', (request, reply, done) => {
    const requestId = randomUUID();
    const wanted = header(request, 'x-ms-correlation-request-id');
    request.correlation = { requestId, correlationId: wanted ?? requestId };
    request.origin = proxies.read(request.raw);
    request.startedAt = process.hrtime.bigint();
    sendIds(request, reply);
    correlation.run(request.correlation, done);
  });
  // The body arrives in events of the connection, outside the store: enter it again before guards and handlers run.
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (request.correlation) correlation.run(request.correlation, done);
    else done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    finish(request, reply.statusCode, logger, strangers);
    done();
  });
  // Nothing is sent to a client that left, so there is no response to hear of.
  fastify.addHook('onRequestAbort', (request, done) => {
    finish(request, clientGone, logger, strangers);
    done();
  });
}

/** The one log line of a request, and its place in the metrics. */
function finish(request: FastifyRequest, status: number, logger: Logger, strangers: LineBudget): void {
  if (request.startedAt === undefined) return;
  const route = request.routeOptions.url ?? 'unknown';
  const seconds = Number(process.hrtime.bigint() - request.startedAt) / 1e9;
  delete request.startedAt;
  httpMetrics.total.inc({ method: request.method, route, status: String(status) });
  httpMetrics.duration.observe({ method: request.method, route }, seconds);
  if (quietRoutes.has(route)) return;
  if (request.caller === undefined && status >= 400 && status < 500 && !strangers.spend()) return;
  const line = {
    method: request.method,
    route,
    path: shownPath(request.url, 1024),
    status,
    ms: Math.round(seconds * 1000),
    client: request.origin?.address,
  };
  correlation.run(request.correlation ?? { correlationId: '' }, () =>
    logger.info({ ...line, ...(request.caller && { principalId: request.caller.principalId }) }, 'request'),
  );
}

function sendIds(request: FastifyRequest, reply: FastifyReply): void {
  const { requestId, correlationId } = request.correlation!;
  reply.header('x-ms-request-id', requestId);
  reply.header('x-ms-correlation-request-id', correlationId);
  reply.header('cache-control', 'no-cache');
  reply.header('x-content-type-options', 'nosniff');
  if (request.origin?.secure && !isLocal(request.hostname)) reply.header('strict-transport-security', 'max-age=31536000');
  const clientId = header(request, 'x-ms-client-request-id');
  const echo = header(request, 'x-ms-return-client-request-id');
  if (clientId !== undefined && echo?.toLowerCase() === 'true') reply.header('x-ms-client-request-id', clientId);
}

// A browser would remember it for everything else that runs under this name on somebody's own machine.
const isLocal = (host: string): boolean => /(^|\.)localhost$|^127\.|^\[?::1\]?$/.test(host);

/** A header of one value that is safe to repeat in a header and in a log. */
function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && safeId.test(value) ? value : undefined;
}
