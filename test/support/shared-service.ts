import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildService } from './build-service.js';
import { ServiceProcess, type ServiceFacts } from './service-process.js';

/** Set by the global setup: the folder of the service that all spec files of a run share. */
export const sharedFolderVariable = 'REGATTA_TEST_SERVICE_FOLDER';

/** A busy machine may be ten times as slow as an idle one, and the first start of a run compiles the service. */
const startSeconds = 580;

/** REGATTA_HOME of the shared service. */
export function sharedHome(folder: string): string {
  return join(folder, 'home');
}

export function factsFile(folder: string): string {
  return join(folder, 'facts.json');
}

function failureFile(folder: string): string {
  return join(folder, 'failure.txt');
}

/**
 * The service all spec files of a run share. The first one that asks builds and starts it, the others wait for it;
 * the global setup stops it after the last file. A run whose files never ask starts nothing.
 */
export async function sharedService(): Promise<ServiceFacts> {
  const folder = process.env[sharedFolderVariable];
  if (!folder) throw new Error(`${sharedFolderVariable} is not set: test/support/global-setup.ts belongs into vitest.config.ts.`);
  if (await mayStart(folder)) return start(folder);
  const end = Date.now() + startSeconds * 1000;
  while (Date.now() < end) {
    if (existsSync(failureFile(folder))) throw new Error(readFileSync(failureFile(folder), 'utf8'));
    if (existsSync(factsFile(folder))) return JSON.parse(readFileSync(factsFile(folder), 'utf8')) as ServiceFacts;
    await sleep(100);
  }
  throw new Error(`The shared service did not start within ${startSeconds} s.`);
}

/** Making a folder is atomic: exactly one process succeeds. */
async function mayStart(folder: string): Promise<boolean> {
  try {
    await mkdir(join(folder, 'started'));
    return true;
  } catch {
    return false;
  }
}

async function start(folder: string): Promise<ServiceFacts> {
  try {
    await buildService();
    const service = await ServiceProcess.start({ home: sharedHome(folder), outlivesUs: true });
    // Written under another name first: whoever waits must not read half of it.
    writeFileSync(`${factsFile(folder)}.new`, JSON.stringify(service.facts));
    renameSync(`${factsFile(folder)}.new`, factsFile(folder));
    return service.facts;
  } catch (error) {
    writeFileSync(failureFile(folder), String((error as Error).stack));
    throw error;
  }
}
