import { ControlStore, controlEntities, controlMigrations } from '#lib/control';
import { contentEntities, contentMigrations } from '#lib/content';
import { ensureBootstrap, identityEntities, identityMigrations, Principals, RoleAssignments } from '#lib/identity';
import { Broadcast, createDataSource, migrate, newLogger, platformEntities, platformMigrations } from '#lib/platform';
import type { DataSource } from 'typeorm';
import { readCredentials, writeCredentials, type Credentials } from './home/credentials.js';
import { StartError } from './start-error.js';

/** Who the first principal is, and what it works in. */
export interface FirstPrincipal {
  tenantId: string;
  subscriptionId: string;
  clientId: string;
  /** Only when it was made now. */
  clientSecret?: string;
}

/**
 * Brings the database to the newest schema and makes sure that somebody can sign in. While `known` opens the door nothing is
 * made; otherwise the first principal gets a new secret, unless somebody disabled it.
 */
export async function bootstrap(databaseUrl: string, logLevel: string, known?: Credentials): Promise<FirstPrincipal> {
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
    return await ensureFirst(dataSource, broadcast, known);
  } finally {
    await broadcast.close();
    await dataSource.destroy();
  }
}

/** The same by the `credentials.json` of a folder, which is written when it is missing or of another database. */
export async function bootstrapInto(home: string, databaseUrl: string, logLevel: string): Promise<Omit<FirstPrincipal, 'clientSecret'>> {
  const { clientSecret, ...ids } = await bootstrap(databaseUrl, logLevel, await readCredentials(home));
  if (clientSecret !== undefined) await writeCredentials(home, { ...ids, clientSecret });
  return ids;
}

async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    throw new StartError(`DATABASE_URL: the database cannot be reached: ${(error as Error).message || (error as { code?: string }).code}`);
  }
}

async function ensureFirst(dataSource: DataSource, broadcast: Broadcast, known: Credentials | undefined): Promise<FirstPrincipal> {
  const principals = new Principals({ dataSource, broadcast });
  const roleAssignments = new RoleAssignments({ dataSource, broadcast });
  const first = await ensureBootstrap({ dataSource, principals, roleAssignments }, known ? { credentials: known } : {});
  const { tenantId, subscriptionId, clientId, clientSecret } = first;
  const control = new ControlStore(dataSource);
  await control.tenants.ensure({ id: tenantId, displayName: 'Default tenant' });
  await control.subscriptions.ensure({ id: subscriptionId, tenantId, displayName: 'Default subscription' });
  return { tenantId, subscriptionId, clientId, ...(clientSecret !== undefined && { clientSecret }) };
}
