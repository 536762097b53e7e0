import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { commonSettings, ConfigError, readConfig, reportAndExit } from '#lib/platform';
import { z } from 'zod';
import { bootstrap, bootstrapInto } from './bootstrap.js';
import { credentialsFile } from './home/credentials.js';
import { StartError } from './start-error.js';

/*
 * Where the apps run one by one (containers), this is run once: it brings the database to the newest schema and makes the first
 * tenant, subscription and principal if there are none. With REGATTA_HOME it keeps `credentials.json` there and, run again,
 * changes nothing while that is right. Without, it prints the credentials as JSON, each time with a new secret; the newest few
 * stay valid.
 */
const settings = z.object({
  REGATTA_HOME: z.string().optional(),
  DATABASE_URL: commonSettings.DATABASE_URL,
  LOG_LEVEL: commonSettings.LOG_LEVEL.unwrap().default('warn'),
});

try {
  const { REGATTA_HOME, DATABASE_URL, LOG_LEVEL } = readConfig(settings, process.env);
  process.stdout.write(`${REGATTA_HOME ? await intoFolder(resolve(REGATTA_HOME)) : await asJson()}\n`);

  async function intoFolder(home: string): Promise<string> {
    await mkdir(home, { recursive: true, mode: 0o700 });
    const { subscriptionId } = await bootstrapInto(home, DATABASE_URL, LOG_LEVEL);
    return `Credentials of the Owner of subscription ${subscriptionId}: ${credentialsFile(home)}`;
  }

  async function asJson(): Promise<string> {
    return JSON.stringify(await bootstrap(DATABASE_URL, LOG_LEVEL), null, 2);
  }
} catch (error) {
  if (error instanceof ConfigError) reportAndExit(error);
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`regatta: ${error.message}\n`);
  process.exitCode = 1;
}
