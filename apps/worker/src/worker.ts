import { NestFactory } from '@nestjs/core';
import { contentEntities, contentMigrations } from '#lib/content';
import { controlEntities, controlMigrations } from '#lib/control';
import { identityEntities, identityMigrations } from '#lib/identity';
import {
  Broadcast,
  Health,
  createDataSource,
  migrate,
  newLogger,
  platformEntities,
  platformMigrations,
  startOpsServer,
  type Running,
} from '#lib/platform';
import { WorkerModule } from './app.module.js';
import type { WorkerConfig } from './config.js';

/** Starts the worker: schema, queues, ops port. Stopping lets running jobs reach a safe point. */
export async function startWorker(config: WorkerConfig): Promise<Running> {
  const name = `worker-${config.REGATTA_REGION}`;
  const logger = newLogger({ name, level: config.LOG_LEVEL });
  const health = new Health();
  const ops =
    config.OPS_PORT === undefined ? null : await startOpsServer({ port: config.OPS_PORT, hosts: config.REGATTA_OPS_LISTEN, health });
  const dataSource = createDataSource({
    url: config.DATABASE_URL,
    applicationName: name,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  await dataSource.initialize();
  await migrate(dataSource, config.DATABASE_URL);
  const broadcast = new Broadcast({ url: config.DATABASE_URL, applicationName: name, logger });
  const app = await NestFactory.createApplicationContext(WorkerModule.with({ config, logger, dataSource, broadcast, health }), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  health.started();
  logger.info({ region: config.REGATTA_REGION }, 'worker started');
  return {
    async stop() {
      health.draining();
      await app.close();
      await broadcast.close();
      await ops?.drain(1);
      logger.info('worker stopped');
    },
  };
}
