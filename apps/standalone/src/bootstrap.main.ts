import 'reflect-metadata';
import { commonSettings, ConfigError, readConfig, reportAndExit } from '#lib/platform';
import { z } from 'zod';
import { bootstrap } from './bootstrap.js';
import { StartError } from './start-error.js';

/*
 * For an installation of several machines, once: brings the database to the newest schema, makes the first tenant, subscription
 * and principal if there are none, and prints how that principal signs in, as JSON. Run again, it prints a new secret of the
 * same principal; the newest few stay valid.
 */
const settings = z.object({ DATABASE_URL: commonSettings.DATABASE_URL, LOG_LEVEL: commonSettings.LOG_LEVEL.unwrap().default('warn') });

try {
  const { DATABASE_URL, LOG_LEVEL } = readConfig(settings, process.env);
  process.stdout.write(`${JSON.stringify(await bootstrap(DATABASE_URL, LOG_LEVEL), null, 2)}\n`);
} catch (error) {
  if (error instanceof ConfigError) reportAndExit(error);
  process.stderr.write(`regatta: ${error instanceof StartError ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = 1;
}
