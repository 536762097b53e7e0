import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from '../../libs/testkit/src/programs/ends-with-us.js';
import { freePortRow } from './free-ports.js';
import { Management, type Credentials } from './management.js';
import { isAlive, stopProcess } from './processes.js';

/** The folder that holds package.json, whether this file runs from the sources or from `dist`. */
export const projectRoot = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
})();

/** What `npm start` runs, compiled. */
const mainFile = 'dist/apps/standalone/src/main.js';
/** Only so that a start that hangs ends some day. */
const startSeconds = 300;

/** Where everything of a running service is: enough to use it from another process. */
export interface ServiceFacts {
  readonly pid: number;
  readonly home: string;
  readonly managementUrl: string;
  readonly managementHttpPort: number;
  readonly managementHttpsPort: number;
  readonly opsPort: number;
  readonly regions: Readonly<Record<'eastus' | 'westeurope', { readonly https: number; readonly http: number }>>;
  /** Login servers are `{registry}.{suffix}`. */
  readonly loginServerSuffix: string;
  readonly caFile: string;
}

export function credentialsOf(service: ServiceFacts): Credentials {
  return JSON.parse(readFileSync(join(service.home, 'credentials.json'), 'utf8')) as Credentials;
}

export function caOf(service: ServiceFacts): string {
  return readFileSync(service.caFile, 'utf8');
}

export function managementOf(service: ServiceFacts): Management {
  return new Management(service.managementUrl, credentialsOf(service), caOf(service));
}

/** What a start prints as JSON, as far as tests use it. */
export interface Greeting {
  readonly managementUrl: string;
  readonly commands: { readonly createRegistry: string; readonly logIn: string; readonly push: string };
}

/** What the last start printed; null as long as it has printed nothing. */
export function greetingOf({ home }: Pick<ServiceFacts, 'home'>, from = 0): Greeting | null {
  const lines = readFileSync(outputFile(home), 'utf8').slice(from).split('\n');
  const line = lines.findLast((text) => text.startsWith('{') && text.includes('"managementUrl"'));
  return line ? (JSON.parse(line) as Greeting) : null;
}

/** Holds the id of the process that runs a service, from the moment it is started. */
export function pidFile(home: string): string {
  return join(home, 'service.pid');
}

function outputFile(home: string): string {
  return join(home, 'service.out');
}

/** The ends of all logs of a service, to be shown with a failure. */
export function logTail({ home }: Pick<ServiceFacts, 'home'>, lines = 15): string {
  const folder = join(home, 'logs');
  const files = [outputFile(home), ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])];
  const tail = (file: string): string => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  return files.map((file) => `── ${file}\n${tail(file)}`).join('\n');
}

export interface StartOptions {
  /** REGATTA_HOME; a folder that may or may not exist yet. */
  readonly home: string;
  /** More environment for the service. */
  readonly env?: Readonly<Record<string, string>>;
  /** The facts of an earlier start on the same home, whose ports are used again. */
  readonly again?: ServiceFacts;
  /** The folder of another built checkout to start; absent: this one. */
  readonly checkout?: string;
  /** The service goes on when this process ends; somebody else stops it. */
  readonly outlivesUs?: boolean;
}

/** A Node of the version the service needs: the one npm installed with the project. */
function nodeProgram(checkout: string): string {
  const pinned = join(checkout, 'node_modules/.bin/node');
  return existsSync(pinned) ? pinned : process.execPath;
}

async function choosePlaces(home: string): Promise<Omit<ServiceFacts, 'pid'>> {
  const first = await freePortRow(11);
  return {
    home,
    managementUrl: `https://localhost:${first}`,
    managementHttpsPort: first,
    managementHttpPort: first + 1,
    regions: { eastus: { https: first + 2, http: first + 3 }, westeurope: { https: first + 4, http: first + 5 } },
    opsPort: first + 6, // And four more after it: two for each region.
    loginServerSuffix: `localhost:${first + 2}`,
    caFile: join(home, 'tls/ca.pem'),
  };
}

/** The standalone service as a process that this one started. */
export class ServiceProcess {
  private constructor(
    readonly facts: ServiceFacts,
    readonly child: ChildProcess,
  ) {}

  /** Starts the built service on free ports and waits for the line that says it is ready. */
  static async start({ home, env = {}, again, checkout = projectRoot, outlivesUs = false }: StartOptions): Promise<ServiceProcess> {
    mkdirSync(home, { recursive: true, mode: 0o755 });
    const places = again ?? (await choosePlaces(home));
    const { eastus, westeurope } = places.regions;
    const output = outputFile(home);
    const before = existsSync(output) ? readFileSync(output, 'utf8').length : 0;
    const out = openSync(output, 'a', 0o600);
    const child = spawn(nodeProgram(checkout), [join(checkout, mainFile), '--json'], {
      cwd: home,
      stdio: ['ignore', out, out],
      detached: outlivesUs,
      env: {
        ...withoutSettings(process.env),
        REGATTA_HOME: home,
        REGATTA_MANAGEMENT_HTTPS_PORT: String(places.managementHttpsPort),
        REGATTA_MANAGEMENT_HTTP_PORT: String(places.managementHttpPort),
        REGATTA_DATA_HTTPS_PORT: `${eastus.https},${westeurope.https}`,
        REGATTA_DATA_HTTP_PORT: `${eastus.http},${westeurope.http}`,
        REGATTA_OPS_PORT: String(places.opsPort),
        ...env,
      },
    });
    closeSync(out);
    writeFileSync(pidFile(home), `${child.pid}\n`);
    if (outlivesUs) child.unref();
    else endsWithUs(child.pid ?? -1, home, 'TERM');
    const service = new ServiceProcess({ ...places, pid: child.pid ?? -1 }, child);
    await service.#ready(before);
    return service;
  }

  async #ready(from: number): Promise<void> {
    const end = Date.now() + startSeconds * 1000;
    while (Date.now() < end) {
      if (greetingOf(this.facts, from)) return;
      if (this.child.exitCode !== null || !isAlive(this.facts.pid))
        throw new Error(`The service ended while starting.\n${logTail(this.facts)}`);
      await sleep(50);
    }
    await this.stop();
    throw new Error(`The service was not ready after ${startSeconds} s.\n${logTail(this.facts)}`);
  }

  stop(): Promise<void> {
    return stopProcess(this.facts.pid);
  }
}

/** The environment without what would configure a service: a test decides that alone. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(REGATTA_|DATABASE_URL$|REDIS_URL$|TLS_|LOG_LEVEL$|OPS_PORT$|HTTPS?_PORT$|VITEST|NODE_ENV$|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
