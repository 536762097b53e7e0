import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metrics } from '#lib/platform';
import { digestOf, Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

const octets = { 'content-type': 'application/octet-stream' };

/** A disk is as full as the reserve says: one larger than any disk makes every disk full. */
const full = { REGATTA_BUCKET_RESERVE_MIB: String(2 ** 33) };

describe('a region whose disk is full', () => {
  let installation: Installation;
  let registry: TestRegistry;
  let roomy: TestRegion;
  let before: Pusher;
  let client: Pusher;

  beforeAll(async () => {
    installation = await Installation.create();
    registry = await installation.registry('fulldisk');
    roomy = await installation.start();
    before = new Pusher(roomy.http, registry);
    client = new Pusher((await installation.start('eastus', full)).http, registry);
  });
  afterAll(() => installation.destroy());

  const refusals = async () => Number(/^registry_bucket_full_total(?:\{.*\})? (\d+)$/m.exec(await metrics.metrics())?.[1] ?? 0);

  it('refuses uploads with 507 and says why, whichever request brings them, and counts it', async () => {
    const location = await before.start('app');
    const bytes = randomBytes(200_000);
    const known = await refusals();
    const answers = [
      await client.send('POST', client.path('app', 'blobs/uploads/')),
      await client.send('POST', client.path('app', `blobs/uploads/?digest=${digestOf(bytes)}`), octets, bytes),
      await client.send('PATCH', location, octets, bytes),
      await client.send('PATCH', location, { ...octets, 'transfer-encoding': 'chunked' }, bytes),
      await client.send('PUT', `${location}?digest=${digestOf(bytes)}`, octets, bytes),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.code()]).toEqual([507, 'DENIED']);
      expect(answer.body.toString()).toContain('No space is left for uploads in this region');
    }
    expect(await refusals()).toBe(known + answers.length);
    // Nothing is lost of what was begun.
    expect((await before.send('PUT', `${location}?digest=${digestOf(bytes)}`, octets, bytes)).status).toBe(201);
  });

  it('goes on with pulls, small blobs, manifests, mounts and deletions, and is ready', async () => {
    const layer = randomBytes(300_000);
    const image = await before.image('app', 'v1', layer);
    expect((await client.send('GET', client.path('app', `blobs/${image.layer}`))).body.equals(layer)).toBe(true);
    expect((await client.manifest('app', 'v2', image.text)).status).toBe(201);
    await client.blob('app', randomBytes(100));
    const mount = client.path('other', `blobs/uploads/?mount=${image.layer}&from=app`);
    expect((await client.send('POST', mount)).status).toBe(201);
    expect((await client.send('DELETE', client.path('other', `blobs/${image.layer}`))).status).toBe(202);
    expect((await client.send('GET', '/readyz')).status).toBe(200);
  });
});
