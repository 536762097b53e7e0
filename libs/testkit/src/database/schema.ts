import { contentEntities, contentMigrations } from '#lib/content';
import { controlEntities, controlMigrations } from '#lib/control';
import { identityEntities, identityMigrations } from '#lib/identity';
import { createDataSource, platformEntities, platformMigrations } from '#lib/platform';
import type { DataSource } from 'typeorm';

/** A data source with every table of the service, as the apps list them. Not connected yet. */
export function wholeSchema(url: string, poolSize = 5): DataSource {
  return createDataSource({
    url,
    poolSize,
    applicationName: 'spec',
    entities: [...platformEntities, ...identityEntities, ...controlEntities, ...contentEntities],
    migrations: [...platformMigrations, ...identityMigrations, ...controlMigrations, ...contentMigrations],
  });
}
