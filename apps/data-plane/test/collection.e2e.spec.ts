import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Collector } from '#lib/content';
import { openBuckets, PipelinedPool } from '#lib/platform';
import { basic } from './http-client.js';
import { Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

let installation: Installation;
let region: TestRegion;
let registry: TestRegistry;
let pool: PipelinedPool;
let collector: Collector;
let client: Pusher;

beforeAll(async () => {
  installation = await Installation.create();
  registry = await installation.registry('collected');
  region = await installation.start();
  client = new Pusher(region.http, registry);
  pool = new PipelinedPool({ url: installation.database.url, applicationName: 'spec' });
  const folder = join(installation.folder, 'buckets', 'eastus');
  collector = new Collector({ pool, buckets: openBuckets({ eastus: pathToFileURL(folder).href }) });
});
afterAll(async () => {
  await pool?.close();
  await installation?.destroy();
});

const allAreDue = () => installation.database.dataSource.query('UPDATE content.link_reviews SET due_at = now()');

describe('a client that is told a blob is there', () => {
  it('and may push, can push the manifest that names it, however long ago the last one was deleted', async () => {
    const image = await client.image('app', 'v1');
    expect((await client.send('DELETE', client.path('app', `manifests/${image.digest}`))).status).toBe(202);
    await allAreDue();
    for (const digest of [image.layer, image.config])
      expect((await client.send('HEAD', client.path('app', `blobs/${digest}`))).status).toBe(200);
    await collector.collectReviewed('eastus');
    expect((await client.manifest('app', 'v1', image.text)).status).toBe(201);
  });

  it('and may only pull, keeps nothing from the collector', async () => {
    const image = await client.image('read', 'v1');
    expect((await client.send('DELETE', client.path('read', `manifests/${image.digest}`))).status).toBe(202);
    await allAreDue();
    const { secret, clientId } = await installation.principal(['AcrPull', registry]);
    const reader = new Pusher(region.http, registry, 'host', basic(clientId, secret));
    expect((await reader.send('HEAD', reader.path('read', `blobs/${image.layer}`))).status).toBe(200);
    expect((await client.send('GET', client.path('read', `blobs/${image.layer}`))).status).toBe(200);
    await collector.collectReviewed('eastus');
    expect((await client.send('HEAD', client.path('read', `blobs/${image.layer}`))).status).toBe(404);
  });
});
