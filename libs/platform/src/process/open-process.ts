import type { DataSource } from 'typeorm';
import { Health } from '../http/health.js';
import { startOpsServer } from '../http/ops-server.js';
import { type Logger, newLogger } from '../log/log.js';
import { Broadcast } from '../postgres/broadcast.js';
import { createDataSource, type EntityList, type MigrationList } from '../postgres/data-source.js';
import { migrate } from '../postgres/migrate.js';
import { sayInLog, whenDatabaseAnswers } from '../postgres/wait.js';

/** What every process of the service has before its own work begins. */
export interface ProcessParts {
  logger: Logger;
  health: Health;
  /** Connected and migrated; closed by the application it is given to. */
  dataSource: DataSource;
  broadcast: Broadcast;
}

export interface OpenProcess extends ProcessParts {
  /** Lets go of the connection for notifications and of the ops port; after the application is closed. */
  close(): Promise<void>;
}

export interface ProcessSettings {
  /** Shown in logs and in `pg_stat_activity`. */
  name: string;
  config: { DATABASE_URL: string; LOG_LEVEL: string; OPS_PORT?: number | undefined; REGATTA_OPS_LISTEN: readonly string[] };
  entities: EntityList;
  migrations: MigrationList;
  poolSize?: number;
}

/**
 * Opens log, health, ops port and database, and brings the schema to the newest. Ready only while Postgres answers; while it does
 * not, this waits for it, for as long as the process is let live.
 */
export async function openProcess({ name, config, entities, migrations, poolSize }: ProcessSettings): Promise<OpenProcess> {
  const logger = newLogger({ name, level: config.LOG_LEVEL });
  const health = new Health();
  const { OPS_PORT: port, REGATTA_OPS_LISTEN: hosts, DATABASE_URL: url } = config;
  const dataSource = createDataSource({ url, applicationName: name, entities, migrations, ...(poolSize && { poolSize }) });
  health.check('postgres', async () => void (await dataSource.query('SELECT 1')));
  const ops = port === undefined ? null : await startOpsServer({ port, hosts, health });
  await whenDatabaseAnswers(
    async () => {
      if (!dataSource.isInitialized) await dataSource.initialize();
      await migrate(dataSource, url);
    },
    { say: sayInLog(logger) },
  );
  const broadcast = new Broadcast({ url, applicationName: name, logger });
  return {
    logger,
    health,
    dataSource,
    broadcast,
    async close() {
      await broadcast.close();
      await ops?.drain(1);
    },
  };
}
