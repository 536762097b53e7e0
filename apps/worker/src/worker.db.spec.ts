import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContentIndex, Uploads } from '#lib/content';
import { BodyBudget, bodyFrom, PipelinedPool, newLogger, openBuckets, type Running } from '#lib/platform';
import { redisAvailable, testDatabase, testRedis, type TestDatabase, type TestRedis } from '#lib/testkit';
import { workerSettings, type WorkerConfig } from './config.js';
import { CollectionHandler } from './content/collection.handler.js';
import { RegionalContent } from './content/regional-content.js';
import { UploadSweepHandler } from './content/upload-sweep.handler.js';
import { startWorker } from './worker.js';

let db: TestDatabase;
let folder: string;
let config: WorkerConfig;
let pool: PipelinedPool;
let uploads: Uploads;
let content: RegionalContent;
const logger = newLogger({ name: 'spec', level: 'silent' });

beforeAll(async () => {
  db = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'regatta-worker-'));
  config = workerSettings.parse({
    DATABASE_URL: db.url,
    REGATTA_SECRET_KEY: randomBytes(32).toString('base64'),
    REGATTA_BUCKETS: JSON.stringify({ eastus: pathToFileURL(folder).href }),
    REGATTA_REGION: 'eastus',
    REGATTA_COLLECT_AFTER_SECONDS: '1',
    REGATTA_UPLOAD_IDLE_SECONDS: '60',
    LOG_LEVEL: 'silent',
  });
  pool = new PipelinedPool({ url: db.url, applicationName: 'spec' });
  uploads = new Uploads({ pool, region: 'eastus', buckets: openBuckets(config.REGATTA_BUCKETS) });
  content = new RegionalContent(config);
});
afterAll(async () => {
  await content.onApplicationShutdown();
  await uploads.close();
  await pool.close();
  await db.drop();
  await rm(folder, { recursive: true });
});

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe('the tidying of a region', () => {
  const owner = { registryId: randomUUID(), repository: 'app', principalId: 'someone' };
  const bytes = randomBytes(200_000);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const;
  const body = () => bodyFrom(Readable.from([bytes]), new BodyBudget());

  it('frees the bytes of a deleted blob after the grace period, and not before', async () => {
    await uploads.put(owner, digest, body(), { storageLimit: null, length: bytes.length });
    expect(await filesUnder(folder)).toHaveLength(1);
    await new ContentIndex({ pool, region: 'eastus' }).deleteBlob(owner, digest);
    const handler = new CollectionHandler(content, logger);
    await handler.run({}, new AbortController().signal);
    expect(await filesUnder(folder)).toHaveLength(1);
    await pool.query({ name: 'age', text: `UPDATE content.blob_reviews SET due_at = now()` }, []);
    await handler.run({}, new AbortController().signal);
    expect(await filesUnder(folder)).toEqual([]);
  });

  it('ends an upload nobody continued', async () => {
    const { id } = await uploads.start(owner, { storageLimit: null });
    await uploads.append(owner, id, body());
    const handler = new UploadSweepHandler(content, config, logger);
    await handler.run();
    expect(await uploads.status(owner, id)).toMatchObject({ offset: bytes.length });
    await pool.query({ name: 'idle', text: `UPDATE content.upload_sessions SET touched_at = now() - interval '2 minutes'` }, []);
    await handler.run();
    await expect(uploads.status(owner, id)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
    expect(await filesUnder(folder)).toEqual([]);
  });
});

describe.each(['Postgres', 'Redis'] as const)('the worker with its queues in %s', (kind) => {
  let redis: TestRedis | undefined;
  let worker: Running | undefined;
  afterAll(async () => {
    await worker?.stop();
    await redis?.stop();
  });

  it.skipIf(kind === 'Redis' && !redisAvailable())('starts with a handler for every job, runs its schedules, and stops', async () => {
    if (kind === 'Redis') redis = await testRedis();
    await pool.query(
      {
        name: 'old-operation',
        text: `INSERT INTO control.operations (id, name, kind, status, tenant_id, subscription_id, resource_id, target_id, percent_complete, started_at, ended_at)
               SELECT g, 'registries-' || g, 'CreateRegistry', 'Succeeded', g, g, '/x', g, 100, now() - interval '9 days', now() - interval '8 days'
               FROM gen_random_uuid() AS g`,
      },
      [],
    );
    worker = await startWorker({ ...config, ...(redis && { REDIS_URL: redis.url }) });
    await expect.poll(() => db.dataSource.query('SELECT id FROM control.operations'), { timeout: 15_000 }).toEqual([]);
    await worker.stop();
    worker = undefined;
  });
});
