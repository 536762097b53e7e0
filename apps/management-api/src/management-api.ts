import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { contentEntities, contentMigrations } from '#lib/content';
import { controlEntities, controlMigrations } from '#lib/control';
import { identityEntities, identityMigrations } from '#lib/identity';
import {
  BodyBudget,
  type Listeners,
  listenFrom,
  listenOn,
  openProcess,
  platformEntities,
  platformMigrations,
  type Running,
  serveHealth,
  TrustedProxies,
} from '#lib/platform';
import { ManagementModule } from './app.module.js';
import { addArmHeaders } from './arm-http/arm-headers.js';
import { refuseUncleanText } from './arm-http/clean-text.js';
import { answerFrameworkError, unreadable } from './arm-http/framework-errors.js';
import { readBodies } from './arm-http/request-bodies.js';
import { KnownRoutes } from './arm-http/known-routes.js';
import { addRequestContext } from './arm-http/request-context.js';
import { openRoute } from './arm-http/access.js';
import { decideFromHead, jsonLimit } from './arm-http/request-head.js';
import { normaliseTarget, refuseCraftedPaths } from './arm-http/request-target.js';
import { BearerGuard } from './auth/bearer.guard.js';
import type { ManagementConfig } from './config.js';
import type { ManagementParts } from './installation.module.js';
import { serveDocumentation } from './openapi/documentation.js';

const MiB = 1024 * 1024;
const maxNameLength = 512;

/** Everything but the listeners: guards, routes, documentation. Does not listen yet. */
export async function createManagementApp(parts: ManagementParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: jsonLimit,
    frameworkErrors: answerFrameworkError,
    rewriteUrl: ({ url = '/' }) => normaliseTarget(url),
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: false, maxParamLength: maxNameLength },
  });
  const app = await NestFactory.create<NestFastifyApplication>(ManagementModule.with(parts), adapter, {
    bodyParser: false,
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  const fastify = adapter.getInstance();
  addRequestContext(fastify, parts.logger, new TrustedProxies(parts.config.REGATTA_TRUSTED_PROXIES, parts.config.REGATTA_PROXY_HEADERS));
  addArmHeaders(fastify, parts.config.REGATTA_REGIONS[0]!);
  refuseCraftedPaths(fastify);
  decideFromHead(fastify, app.get(KnownRoutes), (request, reply) => app.get(BearerGuard).authenticate(request, reply));
  readBodies(fastify, new BodyBudget({ bytes: parts.config.REGATTA_BODY_MEMORY_MIB * MiB }));
  refuseUncleanText(fastify);
  app.get(KnownRoutes).watch(fastify);
  serveHealth(fastify, parts.health, openRoute);
  serveDocumentation(app, parts.config);
  await app.init();
  return app;
}

/** The management API as a process runs it. */
export interface RunningManagementApi extends Running {
  ports: Listeners['ports'];
}

/** Starts the management API: schema, listeners, ops port. Stopping finishes the requests under way. */
export async function startManagementApi(config: ManagementConfig): Promise<RunningManagementApi> {
  const name = 'management-api';
  const parts = await openProcess({
    name,
    config,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  const { logger, health } = parts;
  const app = await createManagementApp({ config, ...parts });
  const letGo = async () => {
    await app.close();
    await parts.close();
  };
  const ownHost = new URL(config.REGATTA_MANAGEMENT_URL).hostname;
  const listeners = await listenOn(app.getHttpAdapter().getInstance(), {
    ...listenFrom(config),
    serves: async (host) => host === ownHost,
    unreadable,
  }).catch(async (error: unknown) => {
    await letGo();
    throw error;
  });
  health.started();
  logger.info({ ports: listeners.ports }, 'management API started');
  return {
    ports: listeners.ports,
    async stop() {
      health.draining();
      await listeners.drain(config.REGATTA_DRAIN_SECONDS);
      await letGo();
      logger.info('management API stopped');
    },
  };
}
