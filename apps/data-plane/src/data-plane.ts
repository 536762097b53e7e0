import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { contentEntities, contentMigrations } from '#lib/content';
import { controlEntities, controlMigrations } from '#lib/control';
import { identityEntities, identityMigrations } from '#lib/identity';
import { Fault } from '#lib/domain';
import { ociErrorBody } from '#lib/oci';
import {
  type Listeners,
  listenFrom,
  listenOn,
  openProcess,
  platformEntities,
  platformMigrations,
  type Running,
  serveHealth,
} from '#lib/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DataPlaneModule } from './app.module.js';
import type { DataPlaneConfig } from './config.js';
import { Edge } from './edge/edge.js';
import { HostNames } from './edge/host-names.js';
import { Registries } from './edge/registries.js';
import { answerUnroutable, serveEdge } from './edge/routes.js';
import type { DataPlaneParts } from './process.module.js';

/** Few: what is hot goes through a pool of its own. */
const slowPathConnections = 4;

/** Everything but the listeners. Does not listen yet. */
export async function createDataPlaneApp(parts: DataPlaneParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    exposeHeadRoutes: false,
    // `*` and URLs of other schemes are at no address of ours either; the router takes nothing without a slash.
    rewriteUrl: ({ url = '/' }) => (url.startsWith('/') ? url : `/${url}`),
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => answerUnroutable(app.get(Edge), request, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(DataPlaneModule.with(parts), adapter, {
    bodyParser: false,
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const fastify = adapter.getInstance();
  serveHealth(fastify, parts.health);
  serveEdge(fastify, app.get(Edge));
  await app.init();
  return app;
}

/** The data plane as a process runs it. */
export interface RunningDataPlane extends Running {
  ports: Listeners['ports'];
}

/** Starts the data plane: schema, listeners, ops port. Stopping finishes the transfers under way, as long as the drain lasts. */
export async function startDataPlane(config: DataPlaneConfig): Promise<RunningDataPlane> {
  const name = `data-plane-${config.REGATTA_REGION}`;
  const parts = await openProcess({
    name,
    config,
    poolSize: slowPathConnections,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  const { logger, health } = parts;
  const app = await createDataPlaneApp({ config, ...parts });
  const registries = app.get(Registries);
  const hosts = new HostNames(config.REGATTA_LOGIN_SERVER_SUFFIX);
  const listeners = await listenOn(app.getHttpAdapter().getInstance(), {
    ...listenFrom(config),
    unreadable: (message) => ociErrorBody(new Fault('InvalidRequestContent', message)),
    serves: (host) => registries.existsAt(hosts.place(host)),
    // A layer takes as long as it takes; a body that stands still is cut off by the edge.
    requestTimeout: 0,
  });
  health.started();
  logger.info({ region: config.REGATTA_REGION, ports: listeners.ports }, 'data plane started');
  return {
    ports: listeners.ports,
    async stop() {
      health.draining();
      await listeners.drain(config.REGATTA_DRAIN_SECONDS);
      await app.close();
      await parts.close();
      logger.info('data plane stopped');
    },
  };
}
