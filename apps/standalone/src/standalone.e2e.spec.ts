import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isAlive, waitUntil } from '#lib/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Greeting } from './greeting.js';
import { freePorts, startByNpm, startService, type StartedService } from './testing/start-service.js';

const run = promisify(execFile);
const bash = (script: string) => run('bash', ['-o', 'pipefail', '-c', script]);
/** A first start may have to build. */
const startMs = 180_000;

describe('npm start', () => {
  let folder: string;
  let environment: Record<string, string>;
  let service: StartedService;
  let greeting: Greeting;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'regatta-start-'));
    environment = { ...(await freePorts()), REGATTA_HOME: join(folder, 'home'), REGATTA_DRAIN_SECONDS: '2' };
    await start();
  }, startMs);

  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    service = startService(environment);
    greeting = await service.greeting();
  }

  /** GET by the local CA's certificate, whatever name the host is asked by. */
  async function status(url: string, servername = 'localhost'): Promise<number | undefined> {
    const ca = await readFile(greeting.caFile);
    return new Promise((resolve) => {
      get(url, { ca, servername, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', () => resolve(undefined));
    });
  }

  async function becomes(expected: number, url: string): Promise<void> {
    for (let attempt = 0; (await status(url)) !== expected; attempt++) {
      if (attempt > 150) throw new Error(`${url} does not answer ${expected}.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('prints one line of JSON for scripts, and everything answers', async () => {
    expect(greeting.regions.map(({ name }) => name)).toEqual(['eastus', 'westeurope']);
    expect(await status(`${greeting.managementUrl}/readyz`)).toBe(200);
    expect(await status(greeting.swaggerUrl)).toBe(200);
    for (const { https, name } of greeting.regions) {
      expect(await status(`${https}/readyz`, `myregistry.${name}.geo.localhost`), name).toBe(200);
    }
    expect((await fetch(`${greeting.regions[1]!.http}/livez`)).status).toBe(200);
    const ops = Number(environment['REGATTA_OPS_PORT']);
    for (let port = ops; port < ops + 5; port++) expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status, String(port)).toBe(200);
  });

  it('keeps secrets from other users of the machine', async () => {
    const mode = async (name: string): Promise<number> => (await stat(join(greeting.home, name))).mode & 0o777;
    for (const name of ['credentials.json', 'secret-key', 'tls/ca-key.pem', 'tls/server-key.pem', 'postgres/password']) {
      expect(await mode(name), name).toBe(0o600);
    }
    for (const name of ['buckets', 'logs', 'postgres/data']) expect(await mode(name), name).toBe(0o700);
    const credentials = JSON.parse(await readFile(greeting.credentialsFile, 'utf8')) as object;
    expect(Object.keys(credentials).sort()).toEqual(['clientId', 'clientSecret', 'subscriptionId', 'tenantId']);
  });

  it('prints a command that creates a registry', async () => {
    const { stdout } = await bash(greeting.commands.createRegistry);
    expect(stdout).toContain('"name":"myregistry"');
    expect(stdout).toContain(greeting.loginServer.replace('{registry}', 'myregistry'));
  });

  it('refuses a second start on the same home, and leaves the first alone', async () => {
    const { code, stderr } = await startService({ ...environment, ...(await freePorts()) }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^regatta: Regatta already runs from .* \(process \d+\)/m);
    expect(await status(`${greeting.managementUrl}/readyz`)).toBe(200);
  });

  it.each(['management-api', 'data-plane-westeurope', 'worker-eastus', 'postgres'])(
    'starts %s again when it is killed',
    async (name) => {
      const pid = greeting.processes[name]!;
      process.kill(pid, 'SIGKILL');
      expect(await waitUntil(() => service.stderr.includes(`${name === 'postgres' ? 'Postgres' : name} is back.`), 30_000)).toBe(true);
      expect(isAlive(pid)).toBe(false);
      await becomes(200, `${greeting.managementUrl}/readyz`);
      for (const { https } of greeting.regions) await becomes(200, `${https}/readyz`);
    },
    60_000,
  );

  it(
    'stops cleanly and finds all data again',
    async () => {
      const credentials = await readFile(greeting.credentialsFile, 'utf8');
      const authority = await readFile(greeting.caFile, 'utf8');
      const { code } = await service.stop('SIGINT');
      expect(code).toBe(0);
      for (const [name, pid] of Object.entries(greeting.processes)) expect(isAlive(pid), name).toBe(false);
      await start();
      expect(await readFile(greeting.credentialsFile, 'utf8')).toBe(credentials);
      expect(await readFile(greeting.caFile, 'utf8')).toBe(authority);
      const again = greeting.commands.createRegistry.replaceAll('-X PUT', '-X GET').replace(/-d '\{[^']*\}'/g, '');
      expect((await bash(again)).stdout).toContain('"name":"myregistry"');
    },
    startMs,
  );

  it(
    'leaves nothing running when it is killed, and the next start takes over',
    async () => {
      await service.stop('SIGKILL');
      const left = (): string[] => Object.keys(greeting.processes).filter((name) => isAlive(greeting.processes[name]!));
      await expect.poll(left).toEqual([]);
      await start();
      expect(await status(`${greeting.managementUrl}/readyz`)).toBe(200);
    },
    startMs,
  );

  it(
    'stops everything when the process of npm is told to end',
    async () => {
      const own = { ...(await freePorts()), REGATTA_HOME: join(folder, 'by-npm'), REGATTA_REGIONS: 'eastus', REGATTA_DRAIN_SECONDS: '2' };
      const byNpm = startByNpm(own);
      const { processes } = await byNpm.greeting();
      byNpm.process.kill('SIGTERM');
      const left = (): string[] => Object.keys(processes).filter((name) => isAlive(processes[name]!));
      await waitUntil(() => left().length === 0, 30_000, 100);
      const survivors = left();
      for (const name of survivors) process.kill(processes[name]!, 'SIGTERM');
      expect(survivors).toEqual([]);
      await byNpm.ended;
    },
    startMs,
  );

  it(
    'greets people with what they need',
    async () => {
      const own = { ...(await freePorts()), REGATTA_HOME: join(folder, 'other'), REGATTA_REGIONS: 'eastus', LOG_LEVEL: 'warn' };
      const other = startService(own, []);
      const text = await other.greeted((stdout) => stdout.includes('docker push'));
      expect((await other.stop()).code).toBe(0);
      for (const part of [
        'Management API',
        'Swagger UI',
        'Login servers',
        'CA certificate',
        'Credentials',
        '1. Create',
        '2. Log in',
        '3. Push',
      ]) {
        expect(text).toContain(part);
      }
      expect(text).not.toContain(JSON.parse(await readFile(join(folder, 'other', 'credentials.json'), 'utf8')).clientSecret);
    },
    startMs,
  );
});

describe('npm start, when it cannot', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'regatta-start-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(
    'says one line for each wrong setting',
    async () => {
      const { code, stdout, stderr } = await startService({
        REGATTA_MANAGEMENT_HTTPS_PORT: 'x',
        DATABASE_URL: 'y',
        REGATTA_JOB_CONCURRENCY: '1',
      }).ended;
      expect(code).toBe(78);
      expect(stdout).toBe('');
      expect(stderr.trim().split('\n')).toEqual([
        'regatta: configuration: DATABASE_URL: must be a URL such as postgres://user:password@host:5432/regatta',
        'regatta: configuration: REGATTA_MANAGEMENT_HTTPS_PORT: must be a port number',
      ]);
    },
    startMs,
  );

  it(
    'says one line for an argument it does not know',
    async () => {
      const { code, stderr } = await startService({}, ['--jason']).ended;
      expect(code).toBe(78);
      expect(stderr).toContain('--jason: unknown argument');
    },
    startMs,
  );

  it(
    'names the port in use and its setting',
    async () => {
      const ports = await freePorts();
      const port = Number(ports['REGATTA_DATA_HTTPS_PORT']) + 1;
      const occupant = await occupy(port);
      const { code, stderr } = await startService({ ...ports, REGATTA_HOME: join(folder, 'a') }).ended;
      occupant.close();
      expect(code).toBe(1);
      expect(stderr).toContain(`REGATTA_DATA_HTTPS_PORT: port ${port} on 127.0.0.1 is in use by another program.`);
    },
    startMs,
  );

  it(
    'says what a process of it finds wrong with its settings',
    async () => {
      const own = { ...(await freePorts()), REGATTA_HOME: join(folder, 'b'), REGATTA_JOB_CONCURRENCY: 'many' };
      const { code, stderr } = await startService(own).ended;
      expect(code).toBe(1);
      expect(stderr).toContain('REGATTA_JOB_CONCURRENCY');
    },
    startMs,
  );

  it(
    'does not touch a data directory that is only half made',
    async () => {
      const data = join(folder, 'c', 'postgres', 'data');
      await mkdir(data, { recursive: true });
      await writeFile(join(data, 'postgresql.conf'), '');
      if (process.geteuid?.() === 0) await run('chown', ['-R', 'nobody', data]);
      const { code, stderr } = await startService({ ...(await freePorts()), REGATTA_HOME: join(folder, 'c') }).ended;
      expect(code).toBe(1);
      expect(stderr).toContain('is only half initialised');
    },
    startMs,
  );

  it(
    'says that the database of DATABASE_URL cannot be reached',
    async () => {
      const database = { DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none', REGATTA_DATABASE_WAIT_SECONDS: '1' };
      const own = { ...(await freePorts()), REGATTA_HOME: join(folder, 'd'), ...database };
      const { code, stderr } = await startService(own).ended;
      expect(code).toBe(1);
      expect(stderr).toContain('The database does not answer; waiting for it.');
      expect(stderr).toContain('DATABASE_URL: the database cannot be reached');
    },
    startMs,
  );
});

function occupy(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
