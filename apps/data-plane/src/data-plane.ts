import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { contentEntities, contentMigrations } from '#lib/content';
import { controlEntities, controlMigrations } from '#lib/control';
import { identityEntities, identityMigrations } from '#lib/identity';
import {
  Broadcast,
  collectProcessMetrics,
  createDataSource,
  Health,
  type Listeners,
  listenFrom,
  listenOn,
  migrate,
  newLogger,
  platformEntities,
  platformMigrations,
  type Running,
  serveHealth,
  startOpsServer,
} from '#lib/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DataPlaneModule } from './app.module.js';
import type { DataPlaneConfig } from './config.js';
import { Edge } from './edge/edge.js';
import { answerUnroutable, serveEdge } from './edge/routes.js';
import type { DataPlaneParts } from './process.module.js';

/** Few: what is hot goes through a pool of its own. */
const slowPathConnections = 4;

/** Everything but the listeners. Does not listen yet. */
export async function createDataPlaneApp(parts: DataPlaneParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    exposeHeadRoutes: false,
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
  const logger = newLogger({ name, level: config.LOG_LEVEL });
  const health = new Health();
  if (config.OPS_PORT !== undefined) collectProcessMetrics({ app: 'data-plane', region: config.REGATTA_REGION });
  const ops =
    config.OPS_PORT === undefined ? null : await startOpsServer({ port: config.OPS_PORT, hosts: config.REGATTA_OPS_LISTEN, health });
  const dataSource = createDataSource({
    url: config.DATABASE_URL,
    applicationName: name,
    poolSize: slowPathConnections,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  await dataSource.initialize();
  await migrate(dataSource, config.DATABASE_URL);
  const broadcast = new Broadcast({ url: config.DATABASE_URL, applicationName: name, logger });
  const app = await createDataPlaneApp({ config, logger, dataSource, broadcast, health });
  const listeners = await listenOn(app.getHttpAdapter().getInstance(), {
    ...listenFrom(config),
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
      await broadcast.close();
      await ops?.drain(1);
      logger.info('data plane stopped');
    },
  };
}
