import { ControlStore, controlEntities, controlMigrations } from '#lib/control';
import { contentEntities, contentMigrations } from '#lib/content';
import { ensureBootstrap, identityEntities, identityMigrations, Principals, RoleAssignments } from '#lib/identity';
import { Broadcast, createDataSource, migrate, newLogger, platformEntities, platformMigrations, whenDatabaseAnswers } from '#lib/platform';
import type { DataSource } from 'typeorm';
import { mayWriteCredentials, readCredentials, writeCredentials, type Credentials } from './home/credentials.js';
import { StartError } from './start-error.js';

/** Who the first principal is, and what it works in. */
export interface FirstPrincipal {
  tenantId: string;
  subscriptionId: string;
  clientId: string;
  /** Only when it was made now. */
  clientSecret?: string;
}

/** How the database is reached. */
export interface BootstrapDatabase {
  url: string;
  /** How long to wait for one that is not there yet. */
  waitSeconds: number;
  logLevel: string;
  say: (line: string) => void;
}

/**
 * Brings the database to the newest schema and makes sure that somebody can sign in. While `known` opens the door nothing is
 * made; otherwise the first principal gets a new secret, unless somebody disabled it.
 */
export async function bootstrap(
  { url, waitSeconds, logLevel, say }: BootstrapDatabase,
  known?: Credentials,
  mayRenew = false,
): Promise<FirstPrincipal> {
  const dataSource = createDataSource({
    url,
    applicationName: 'standalone',
    poolSize: 2,
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
  const broadcast = new Broadcast({ url, applicationName: 'standalone', logger: newLogger({ name: 'standalone', level: logLevel }) });
  try {
    return await whenDatabaseAnswers(
      async () => {
        if (!dataSource.isInitialized) await dataSource.initialize();
        await migrate(dataSource, url);
        return ensureFirst(dataSource, broadcast, known, mayRenew);
      },
      { seconds: waitSeconds, say },
    );
  } catch (error) {
    if (dataSource.isInitialized) throw error;
    throw new StartError(`DATABASE_URL: the database cannot be reached: ${(error as Error).message || (error as { code?: string }).code}`);
  } finally {
    await broadcast.close();
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** The same by the `credentials.json` of a folder, which is written when it is missing or of another database. */
export async function bootstrapInto(home: string, database: BootstrapDatabase): Promise<Omit<FirstPrincipal, 'clientSecret'>> {
  const { clientSecret, ...ids } = await bootstrap(database, await readCredentials(home), await mayWriteCredentials(home));
  if (clientSecret !== undefined) await writeCredentials(home, { ...ids, clientSecret });
  return ids;
}

async function ensureFirst(
  dataSource: DataSource,
  broadcast: Broadcast,
  known: Credentials | undefined,
  mayRenew: boolean,
): Promise<FirstPrincipal> {
  const principals = new Principals({ dataSource, broadcast });
  const roleAssignments = new RoleAssignments({ dataSource, broadcast });
  const first = await ensureBootstrap({ dataSource, principals, roleAssignments }, known ? { credentials: known, mayRenew } : {});
  const { tenantId, subscriptionId, clientId, clientSecret } = first;
  const control = new ControlStore(dataSource);
  await control.tenants.ensure({ id: tenantId, displayName: 'Default tenant' });
  await control.subscriptions.ensure({ id: subscriptionId, tenantId, displayName: 'Default subscription' });
  return { tenantId, subscriptionId, clientId, ...(clientSecret !== undefined && { clientSecret }) };
}
