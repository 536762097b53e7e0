import { NestFactory } from '@nestjs/core';
import { contentEntities, contentMigrations } from '#lib/content';
import { controlEntities, controlMigrations } from '#lib/control';
import { identityEntities, identityMigrations } from '#lib/identity';
import { openProcess, platformEntities, platformMigrations, type Running } from '#lib/platform';
import { WorkerModule } from './app.module.js';
import type { WorkerConfig } from './config.js';

/** Starts the worker: schema, queues, ops port. Stopping lets running jobs reach a safe point. */
export async function startWorker(config: WorkerConfig): Promise<Running> {
  const name = `worker-${config.REGATTA_REGION}`;
  const parts = await openProcess({
    name,
    config,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  const app = await NestFactory.createApplicationContext(WorkerModule.with({ config, ...parts }), {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  parts.health.started();
  parts.logger.info({ region: config.REGATTA_REGION }, 'worker started');
  return {
    async stop() {
      parts.health.draining();
      await app.close();
      await parts.close();
      parts.logger.info('worker stopped');
    },
  };
}
