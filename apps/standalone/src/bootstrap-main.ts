import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { commonSettings, ConfigError, readConfig, reportAndExit } from '#lib/platform';
import { z } from 'zod';
import { bootstrap } from './bootstrap.js';
import { credentialsFile } from './home/credentials.js';
import { StartError } from './start-error.js';

/*
 * Where the apps run one by one (containers), this is run once: it brings the database to the newest schema and writes
 * REGATTA_HOME/credentials.json. Run again, it changes nothing; when the file is lost it issues a new secret.
 */

const settings = z.object({
  REGATTA_HOME: z.string().default('./.regatta'),
  DATABASE_URL: commonSettings.DATABASE_URL,
  LOG_LEVEL: commonSettings.LOG_LEVEL,
});

try {
  const { REGATTA_HOME, DATABASE_URL, LOG_LEVEL } = readConfig(settings, process.env);
  const home = resolve(REGATTA_HOME);
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { subscriptionId } = await bootstrap(home, DATABASE_URL, LOG_LEVEL);
  process.stdout.write(`Credentials of the Owner of subscription ${subscriptionId}: ${credentialsFile(home)}\n`);
} catch (error) {
  if (error instanceof ConfigError) reportAndExit(error);
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`regatta: ${error.message}\n`);
  process.exitCode = 1;
}
