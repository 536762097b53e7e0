import { ControlStore, controlEntities, controlMigrations } from '#lib/control';
import { contentEntities, contentMigrations } from '#lib/content';
import { ensureBootstrap, identityEntities, identityMigrations, Principals, RoleAssignments } from '#lib/identity';
import { Broadcast, createDataSource, migrate, newLogger, platformEntities, platformMigrations } from '#lib/platform';
import type { DataSource } from 'typeorm';
import { readCredentials, writeCredentials } from './home/credentials.js';
import { StartError } from './start-error.js';

/** Who the first principal is; `subscriptionId` is what the greeting's commands work in. */
export interface FirstPrincipal {
  tenantId: string;
  subscriptionId: string;
  clientId: string;
}

/** Brings the database to the newest schema and makes sure that somebody can sign in, by `credentials.json` in REGATTA_HOME. */
export async function bootstrap(home: string, databaseUrl: string, logLevel: string): Promise<FirstPrincipal> {
  const dataSource = createDataSource({
    url: databaseUrl,
    applicationName: 'standalone',
    poolSize: 2,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  await connect(dataSource);
  const broadcast = new Broadcast({
    url: databaseUrl,
    applicationName: 'standalone',
    logger: newLogger({ name: 'standalone', level: logLevel }),
  });
  try {
    await migrate(dataSource, databaseUrl);
    return await ensureFirst(home, dataSource, broadcast);
  } finally {
    await broadcast.close();
    await dataSource.destroy();
  }
}

async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    throw new StartError(`DATABASE_URL: the database cannot be reached: ${(error as Error).message || (error as { code?: string }).code}`);
  }
}

async function ensureFirst(home: string, dataSource: DataSource, broadcast: Broadcast): Promise<FirstPrincipal> {
  const credentials = await readCredentials(home);
  const principals = new Principals({ dataSource, broadcast });
  const roleAssignments = new RoleAssignments({ dataSource, broadcast });
  const first = await ensureBootstrap({ dataSource, principals, roleAssignments }, credentials ? { credentials } : {});
  const { tenantId, subscriptionId, clientId, clientSecret } = first;
  const control = new ControlStore(dataSource);
  await control.tenants.ensure({ id: tenantId, displayName: 'Default tenant' });
  await control.subscriptions.ensure({ id: subscriptionId, tenantId, displayName: 'Default subscription' });
  if (clientSecret !== undefined) await writeCredentials(home, { tenantId, subscriptionId, clientId, clientSecret });
  return { tenantId, subscriptionId, clientId };
}
