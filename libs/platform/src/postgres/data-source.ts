import { DataSource, type DataSourceOptions, type EntityTarget, type MigrationInterface, type ObjectLiteral } from 'typeorm';
import { Connection, defaultStatementTimeoutMs } from './connection.js';

export type EntityList = readonly EntityTarget<ObjectLiteral>[];
export type MigrationList = readonly (new () => MigrationInterface)[];

export interface DataSourceSettings {
  /** `postgres://user:password@host:port/database` */
  url: string;
  entities: EntityList;
  migrations: MigrationList;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Connections of this process at the most; 10 unless told. */
  poolSize?: number;
  /** A statement that runs longer is ended by Postgres; 15 s unless told. */
  statementTimeoutMs?: number;
}

/** The migrations table of the whole service; the schema `platform` is made before it is needed. */
export const migrationsTable = 'migrations';

/** A TypeORM data source with everything listed explicitly and nothing done on its own. Not connected yet. */
export function createDataSource(settings: DataSourceSettings): DataSource {
  return new DataSource({
    type: 'postgres',
    url: settings.url,
    schema: 'platform',
    applicationName: settings.applicationName,
    poolSize: settings.poolSize ?? 10,
    entities: [...settings.entities] as EntityTarget<ObjectLiteral>[] as never,
    migrations: [...settings.migrations] as never,
    migrationsTableName: migrationsTable,
    migrationsTransactionMode: 'each',
    synchronize: false,
    migrationsRun: false,
    logging: false,
    installExtensions: false,
    connectTimeoutMS: 10_000,
    extra: {
      idleTimeoutMillis: 60_000,
      statement_timeout: settings.statementTimeoutMs ?? defaultStatementTimeoutMs,
      Client: Connection,
    },
  });
}

/** The same for migrations: they take as long as they take. */
export function patiently({ options }: DataSource): DataSource {
  const extra = { ...(options.extra as object), statement_timeout: 0 };
  return new DataSource({ ...options, poolSize: 1, extra } as DataSourceOptions);
}
