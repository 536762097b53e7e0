import { fastify as newFastify } from 'fastify';
import { metrics } from '../metrics/metrics.js';
import { type Health, serveHealth } from './health.js';
import { type Listeners, listenOn } from './listen.js';

/**
 * The port for whoever runs the process: health and `/metrics`. It answers without authentication, so it listens on an address
 * of its own that clients of the service do not reach (`REGATTA_OPS_LISTEN`, loopback unless told).
 */
export async function startOpsServer(settings: { port: number; hosts: readonly string[]; health: Health }): Promise<Listeners> {
  const fastify = newFastify({ logger: false });
  serveHealth(fastify, settings.health);
  fastify.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  return listenOn(fastify, { hosts: settings.hosts, http: { port: settings.port } });
}
