import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '#lib/domain';
import { Edge } from './edge.js';

type RawHandler = (request: FastifyRequest['raw'], response: FastifyReply['raw']) => void;

/**
 * Puts the edge in front of Fastify. The reply is taken over in the first hook, before Fastify looks at any body: bodies here are
 * gigabytes of somebody else's content types.
 */
export function serveEdge(fastify: FastifyInstance, edge: Edge): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request, _payload, done) => done(null));
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
