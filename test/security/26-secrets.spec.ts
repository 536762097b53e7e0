import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, newLogger, openBuckets, readConfig } from '#lib/platform';
import { redisAvailable, scratchFolder, testDatabase, testRedis, type TestRedis } from '#lib/testkit';
import { bootstrap } from '../../apps/standalone/src/bootstrap.js';
import { standaloneSettings } from '../../apps/standalone/src/config.js';
import { Canaries } from '../support/canaries.js';
import { filesBelow, logsOf, metricsOf, redisOf, refuseRow, rowsOf } from '../support/places-of-secrets.js';
import { descendants } from '../support/processes.js';
import { SecretTraffic } from '../support/secret-traffic.js';
import { credentialsOf, ServiceProcess, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';

/** Who the service is asked for, besides its processes: files that hold a secret by their purpose. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  'credentials.json': ['secret of the first principal'],
  'secret-key': ['secret key'],
  'postgres/password': ['password of Postgres'],
  'tls/ca-key.pem': ['key of the authority'],
  'tls/server-key.pem': ['key of the server'],
};
/** What everybody on the machine may read: what is shown to clients anyway, numbers, and folders on the way to Postgres. */
const open = /\/(tls(\/(ca|server)\.pem)?|postgres(\/port)?|service\.pid)$/;

interface Scene {
  service: ServiceFacts;
  canaries: Canaries;
  traffic: SecretTraffic;
  redis?: TestRedis;
  stop(): Promise<void>;
}

/** A service with a log of everything, its queues in Redis, and secrets given by its environment. */
async function ownService(): Promise<Scene> {
  const canaries = new Canaries();
  const { path: home, remove } = await scratchFolder();
  const redis = await testRedis(canaries.plain('password of Redis'));
  const key = canaries.add('secret key', randomBytes(32).toString('base64'));
  const env = { LOG_LEVEL: 'trace', REGATTA_SECRET_KEY: key, REDIS_URL: redis.url };
  const process = await ServiceProcess.start({ home, env });
  const stop = async () => {
    await process.stop();
    await redis.stop();
    await remove();
  };
  return scene(process.facts, canaries, stop, redis);
}

/** The service of all spec files: its queues in Postgres, a usual log, its own secrets. */
async function servedByPostgres(): Promise<Scene> {
  const service = await sharedService();
  const canaries = new Canaries();
  canaries.add('secret key', readFileSync(join(service.home, 'secret-key'), 'utf8').trim());
  return scene(service, canaries, async () => undefined);
}

function scene(service: ServiceFacts, canaries: Canaries, stop: () => Promise<void>, redis?: TestRedis): Scene {
  canaries.add('secret of the first principal', credentialsOf(service).clientSecret);
  canaries.add('password of Postgres', readFileSync(join(service.home, 'postgres/password'), 'utf8').trim());
  const keyLine = (file: string) => readFileSync(join(service.home, file), 'utf8').split('\n')[1]!.slice(48); // After what all keys begin with.
  canaries.add('key of the authority', keyLine('tls/ca-key.pem'));
  canaries.add('key of the server', keyLine('tls/server-key.pem'));
  return { service, canaries, stop, traffic: new SecretTraffic(service, canaries), ...(redis && { redis }) };
}

const scenes: [string, () => Promise<Scene>][] = [['with its queues in Postgres', servedByPostgres]];
if (redisAvailable()) scenes.push(['with its queues in Redis and a log of everything', ownService]);

describe.each(scenes)('A service %s, given secrets rightly and wrongly,', (_what, start) => {
  let made: Scene;
  beforeAll(async () => {
    made = await start();
    await made.traffic.right();
    await made.traffic.wrong();
  });
  afterAll(async () => {
    await made?.traffic.remove();
    await made?.stop();
  });

  it('repeats none in what it refuses', () => {
    const { canaries, traffic } = made;
    expect(traffic.refusals.length).toBeGreaterThan(150);
    expect(traffic.refusals.flatMap(({ what, text }) => canaries.in(text, what))).toEqual([]);
  });

  it('tells none to somebody without a role, and to nobody a second time', async () => {
    const { canaries, traffic } = made;
    const found = (await traffic.stranger()).flatMap((text) => canaries.in(text, text.slice(0, 80)));
    expect(found).toEqual([]);
  });

  it('writes none into its logs', () => {
    const { canaries, service } = made;
    const logs = logsOf(service);
    expect(logs.map(({ path }) => path.slice(service.home.length + 1))).toEqual(
      expect.arrayContaining(['logs/management-api.log', 'logs/data-plane-eastus.log', 'logs/worker-eastus.log', 'service.out']),
    );
    expect(logs.flatMap(({ path, text }) => canaries.in(text, path))).toEqual([]);
  });

  it('keeps the row a statement failed for out of the log of Postgres', async () => {
    const { canaries, service } = made;
    const secret = canaries.plain('row that was refused');
    const wrong = refuseRow(service, secret);
    await expect(wrong).rejects.toThrow('not-null');
    const log = readFileSync(join(service.home, 'postgres/server.log'), 'utf8');
    expect(log).toContain('not-null');
    expect(canaries.in(log, 'server.log')).toEqual([]);
  });

  it('shows none in its metrics', async () => {
    const { canaries, service } = made;
    const metrics = await metricsOf(service);
    expect(metrics).toContain('registry_http_requests_total');
    expect(canaries.in(metrics, 'metrics')).toEqual([]);
  });

  it('keeps none as it is in a row: of tables, outbox, operations, jobs; nor in a statement', async () => {
    const { canaries, service } = made;
    const rows = await rowsOf(service);
    expect([...rows.keys()]).toEqual(expect.arrayContaining(['platform.outbox', 'control.operations', 'identity.client_secrets']));
    // Of secrets that nobody guesses a digest is kept to compare with.
    const digests = new Set(['control.registries', 'identity.client_secrets']);
    const found = [...rows].flatMap(([table, text]) => canaries.in(text, table, { digests: !digests.has(table) }));
    expect(found).toEqual([]);
  });

  it('hands none to its queues in Redis', async () => {
    const { canaries, redis } = made;
    if (!redis) return;
    const held = await redisOf(redis.url);
    expect(held).toContain('registryId');
    expect(canaries.in(held, 'Redis')).toEqual([]);
  });

  it('puts none into a command line, and into an environment only for its own processes', () => {
    const { canaries, service } = made;
    const processes = descendants(service.pid);
    expect(processes.length).toBeGreaterThan(5);
    expect(processes.flatMap(({ commandLine }) => canaries.in(commandLine, commandLine))).toEqual([]);
    // What these are given is what they need: the database, the key, the queues.
    const given = ['password of Postgres', 'secret key', 'password of Redis'];
    const found = processes.flatMap(({ commandLine, environment }) => {
      const ours = /\/(management-api|data-plane|worker)\/src\/main\.js/.test(commandLine);
      return canaries.in(environment, commandLine, { except: ours ? given : [] });
    });
    expect(found).toEqual([]);
  });

  it('writes each into its one file, which only its owner may read', () => {
    const { canaries, service } = made;
    const files = filesBelow(service.home).filter(({ path }) => !path.startsWith(join(service.home, 'postgres/data/')));
    const opened = files.filter(({ path, mode }) => (mode & 0o077) !== 0 && !open.test(path));
    expect(opened.filter(({ path }) => !/\/(logs|buckets)\//.test(path))).toEqual([]);
    for (const folder of ['logs', 'buckets', 'postgres/data'])
      expect(files.find(({ path }) => path === join(service.home, folder))?.mode, folder).toBe(0o700);
    const found = files
      .filter(({ isFolder }) => !isFolder)
      .flatMap(({ path }) => {
        const name = path.slice(service.home.length + 1);
        return canaries.in(readFileSync(path, 'latin1'), name, { except: keepers[name] ?? [] });
      });
    expect(found).toEqual([]);
  });
});

describe('A log line about an error', () => {
  const canaries = new Canaries();
  function logged(error: unknown): string {
    let text = '';
    const destination = new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) });
    const logger = newLogger({ name: 'spec', level: 'trace', destination });
    logger.error({ err: error }, 'failed');
    return text;
  }

  it('of a statement says what Postgres said, and none of its values', async () => {
    const database = await testDatabase();
    const secret = canaries.make('value of a statement');
    try {
      const id = '00000000-0000-4000-8000-000000000001';
      const statements: [string, unknown[]][] = [
        [
          'INSERT INTO platform.outbox (id, queue, job, key, payload) VALUES ($1, $2, NULL, $2, $3)',
          [id, secret, JSON.stringify({ secret })],
        ],
        ['SELECT $1::int', [secret]],
        ['SELECT $1::uuid FROM nowhere', [secret]],
      ];
      for (const [text, values] of statements) {
        const error = await database.dataSource.query(text, values).catch((cause: unknown) => cause);
        const line = logged(error);
        expect(line).toMatch(/"code":"\w{5}"/);
        expect(canaries.in(line, text)).toEqual([]);
      }
    } finally {
      await database.drop();
    }
  });

  it.runIf(redisAvailable())('of Redis does not say which password was refused', async () => {
    const redis = await testRedis(canaries.plain('right password of Redis'));
    const url = Object.assign(new URL(redis.url), { password: canaries.plain('wrong password of Redis') }).href;
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    try {
      await client.connect().catch((error: unknown) => errors.push(error));
      expect(errors.map(String).join()).toContain('WRONGPASS');
      for (const error of errors) expect(canaries.in(logged(error), 'Redis')).toEqual([]);
    } finally {
      client.disconnect();
      await redis.stop();
    }
  });

  it('keeps its causes, and of each of them what names it alone', () => {
    const secret = canaries.make('member of an error');
    const cause = Object.assign(new TypeError('inner'), { code: 'EINNER', request: { headers: { authorization: secret } }, input: secret });
    const error = Object.assign(new Error('outer', { cause }), { config: { url: secret }, command: { args: [secret] } });
    const line = logged(new AggregateError([error], 'all'));
    for (const told of ['outer', 'inner', 'EINNER', 'all']) expect(line).toContain(told);
    expect(canaries.in(line, 'causes')).toEqual([]);
    expect(canaries.in(logged(Object.assign(error, { cause: error })), 'circle')).toEqual([]);
  });
});

describe('A setting that is wrong', () => {
  const canaries = new Canaries();
  const password = canaries.plain('password in a URL');
  const key = canaries.plain('secret key');

  it.each(
    Object.entries({
      DATABASE_URL: [`mysql://regatta:${password}@db/regatta`, `postgres//regatta:${password}@db`, password],
      REDIS_URL: [`http://:${password}@redis:6379`, password],
      REGATTA_SECRET_KEY: [key, `${key}=`, Buffer.alloc(32, key.slice(0, 2)).toString('base64')],
      REGATTA_BUCKETS: [`{"eastus":"${password}"}`, `{"eastus":"s3://id:${password}@host/b`, `[${password}]`],
    }),
  )('is named and not repeated: %s', (name, values) => {
    for (const value of values) {
      const mistakes = (): unknown => readConfig(standaloneSettings, { [name]: value, REGATTA_REGIONS: 'eastus' });
      expect(mistakes).toThrow(ConfigError);
      expect(mistakes).toThrow(name);
      try {
        mistakes();
      } catch (error) {
        expect(canaries.in(String((error as ConfigError).stack), name)).toEqual([]);
      }
    }
  });

  it('is not repeated where it is a bucket that is not understood', () => {
    for (const url of [`s3://id:${password}@host/bucket`, `https://host/bucket?sig=${password}`, `not a url ${password}`]) {
      const error = openFailure(url);
      expect(error).toMatch(/eastus/);
      expect(canaries.in(error, url)).toEqual([]);
    }
  });

  it('is not repeated where the database does not let in', async () => {
    const database = await testDatabase();
    try {
      const wrong = Object.assign(new URL(database.url), { password }).href;
      const nowhere = Object.assign(new URL(wrong), { port: '1' }).href;
      for (const url of [wrong, nowhere]) {
        const said: string[] = [];
        const error = await bootstrap({ url, waitSeconds: 0, logLevel: 'trace', say: (line) => said.push(line) }).catch(
          (cause: unknown) => cause,
        );
        expect(String(error)).toContain('DATABASE_URL');
        expect(canaries.in(`${(error as Error).stack} ${said.join('\n')}`, 'DATABASE_URL')).toEqual([]);
      }
    } finally {
      await database.drop();
    }
  });

  function openFailure(url: string): string {
    try {
      openBuckets({ eastus: url });
      return '';
    } catch (error) {
      return String((error as Error).stack);
    }
  }
});
