import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '#lib/domain';
import { Edge } from './edge.js';
import { FaultWithHeaders } from './failures.js';

type RawHandler = (request: FastifyRequest['raw'], response: FastifyReply['raw']) => void;

/**
 * Puts the edge in front of Fastify. The reply is taken over in the first hook, before Fastify looks at any body: bodies here are
 * gigabytes of somebody else's content types.
 */
export function serveEdge(fastify: FastifyInstance, edge: Edge): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
  // Whatever method Node can read gets an answer of the registry's; CONNECT is none that a server like this one sees.
  const unknown = METHODS.filter((method) => method !== 'CONNECT' && !fastify.supportedMethods.includes(method));
  for (const method of unknown) fastify.addHttpMethod(method);
  const take = (url: string, handler: RawHandler) =>
    fastify.all(url, {
      onRequest: (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      },
      handler: () => undefined,
    });
  take('/v2', (request, response) => edge.answerV2(request, response));
  take('/v2/*', (request, response) => edge.answerV2(request, response));
  take('/oauth2/*', (request, response) => edge.answerToken(request, response));
  // az falls back on /v2 where this is 405; SDKs take 404 on DELETE for success.
  for (const url of ['/acr/v1', '/acr/v1/*']) take(url, (request, response) => edge.answerNothing(request, response, notBuilt()));
  take('/*', (request, response) => edge.answerNothing(request, response, nothingHere()));
}

/** What Fastify refuses before any route is asked, such as a path with broken escapes. */
export function answerUnroutable(edge: Edge, request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  edge.answerNothing(request.raw, reply.raw, new Fault('NameInvalid', 'The path holds broken escapes.'));
}

function nothingHere(): Fault {
  return new Fault('RouteNotFound', 'There is nothing at this address.');
}

/** `Allow` is empty: the address is known, and no method is possible (RFC 9110, 10.2.1). */
function notBuilt(): FaultWithHeaders {
  return new FaultWithHeaders(new Fault('Unsupported', 'This registry does not have the API /acr/v1: use /v2.'), ['Allow', '']);
}
