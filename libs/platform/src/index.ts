import type { EntityList, MigrationList } from './postgres/data-source.js';
import { OutboxEntity } from './jobs/outbox.entity.js';
import { Outbox1764000000000 } from './migrations/20261123-outbox.js';

export * from './buckets/index.js';
export * from './config/read-config.js';
export * from './config/settings.js';
export * from './embedded-postgres/index.js';
export * from './http/health.js';
export * from './http/listen.js';
export * from './http/ops-server.js';
export * from './jobs/define-job.js';
export * from './jobs/job-system.js';
export * from './jobs/outbox.js';
export { type QueueBackendSettings, queueBackend } from './jobs/queue-backend.js';
export * from './log/log.js';
export * from './metrics/metrics.js';
export * from './postgres/broadcast.js';
export * from './postgres/data-source.js';
export * from './postgres/migrate.js';
export * from './postgres/no-way-back.js';
export * from './postgres/pipelined-pool.js';
export * from './process/open-process.js';
export * from './process/run-process.js';
export * from './secrets/secret-box.js';
export * from './tls/local-ca.js';

export const platformEntities: EntityList = [OutboxEntity];
export const platformMigrations: MigrationList = [Outbox1764000000000];
