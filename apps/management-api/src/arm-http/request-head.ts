import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '#lib/domain';
import type { KnownRoutes } from './known-routes.js';
import { shownPath } from './request-target.js';

/** Bytes of the largest JSON body of a route that names no limit of its own. */
export const jsonLimit = 256 * 1024;
/** Bytes of the largest form. */
export const formLimit = 32 * 1024;

/** Authenticates a request, or throws why it cannot. */
export type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * Everything that is refused from the head of a request is refused before a byte of its body is read: a path or method that
 * does not exist, a caller that is not known, a body that is announced as too large. Every route must carry a rule of access,
 * or the process does not start.
 */
export function decideFromHead(fastify: FastifyInstance, routes: KnownRoutes, authenticate: Authenticate): void {
  fastify.addHook('onRoute', (route) => {
    if (!route.config?.access) throw new Error(`The route ${String(route.method)} ${route.url} says nothing of who may use it.`);
    route.bodyLimit = route.config.bodyLimit ?? jsonLimit;
  });
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.is404) throw noRoute(request, reply, routes);
    const { config, bodyLimit } = request.routeOptions;
    if (config.access?.kind !== 'public') await authenticate(request, reply);
    if (Number(request.headers['content-length'] ?? 0) > bodyLimit) {
      throw new Fault('RequestTooLarge', `The request body is larger than ${bodyLimit / 1024} KiB.`);
    }
  });
}

function noRoute(request: FastifyRequest, reply: FastifyReply, routes: KnownRoutes): Fault {
  const methods = routes.methodsOf(request.url);
  if (methods.length === 0) {
    return new Fault('RouteNotFound', `There is no resource type at '${shownPath(request.url, 256)}'.`);
  }
  reply.header('allow', methods.join(', '));
  return new Fault('MethodNotAllowed', `The method ${request.method} is not supported here; supported are ${methods.join(', ')}.`);
}
