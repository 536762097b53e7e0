import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * What ARM says a subscription may still send. Regatta counts no requests of a subscription, so there is no smaller number to tell:
 * clients that slow down when it comes near zero never have to.
 */
export const remainingRequests = '1000000';

const remainingHeader: Readonly<Record<string, string>> = {
  GET: 'x-ms-ratelimit-remaining-subscription-reads',
  HEAD: 'x-ms-ratelimit-remaining-subscription-reads',
  DELETE: 'x-ms-ratelimit-remaining-subscription-deletes',
  PUT: 'x-ms-ratelimit-remaining-subscription-writes',
  PATCH: 'x-ms-ratelimit-remaining-subscription-writes',
  POST: 'x-ms-ratelimit-remaining-subscription-writes',
};

/** The headers ARM adds to every reply: through which region it went, by whom and what it was, and what remains. */
export function addArmHeaders(fastify: FastifyInstance, region: string): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    if (request.correlation) addHeaders(request, reply, region);
    done();
  });
}

function addHeaders(request: FastifyRequest, reply: FastifyReply, region: string): void {
  const { requestId, correlationId } = request.correlation!;
  reply.header('x-ms-routing-request-id', `${region.toUpperCase()}:${compact(new Date())}:${correlationId}`);
  const remaining = remainingHeader[request.method];
  if (!/^\/subscriptions\//i.test(request.url) || remaining === undefined) return;
  reply.header(remaining, remainingRequests);
  if (!request.caller) return;
  const { tenantId, principalId } = request.caller;
  reply.header('x-ms-operation-identifier', `tenantId=${tenantId},objectId=${principalId}/${region}/${requestId}`);
}

/** A time as `20261124T101500Z`. */
const compact = (time: Date): string => `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
