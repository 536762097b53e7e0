import 'reflect-metadata';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { commonSettings, ConfigError, readConfig, reportAndExit } from '#lib/platform';
import { z } from 'zod';
import { bootstrap, bootstrapInto } from './bootstrap.js';
import { databaseWaitSeconds } from './config.js';
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
  REGATTA_DATABASE_WAIT_SECONDS: databaseWaitSeconds,
  LOG_LEVEL: commonSettings.LOG_LEVEL.unwrap().default('warn'),
});

const say = (line: string): void => void process.stderr.write(`regatta: ${line}\n`);

try {
  const {
    REGATTA_HOME,
    DATABASE_URL: url,
    REGATTA_DATABASE_WAIT_SECONDS: waitSeconds,
    LOG_LEVEL: logLevel,
  } = readConfig(settings, process.env);
  const database = { url, waitSeconds, logLevel, say };
  process.stdout.write(`${REGATTA_HOME ? await intoFolder(resolve(REGATTA_HOME)) : await asJson()}\n`);

  async function intoFolder(home: string): Promise<string> {
    await mkdir(home, { recursive: true, mode: 0o700 });
    const { subscriptionId } = await bootstrapInto(home, database);
    return `Credentials of the Owner of subscription ${subscriptionId}: ${credentialsFile(home)}`;
  }

  async function asJson(): Promise<string> {
    return JSON.stringify(await bootstrap(database), null, 2);
  }
} catch (error) {
  if (error instanceof ConfigError) reportAndExit(error);
  if (!(error instanceof StartError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
