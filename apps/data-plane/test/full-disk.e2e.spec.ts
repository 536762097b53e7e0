import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metrics } from '#lib/platform';
import { digestOf, Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

const octets = { 'content-type': 'application/octet-stream' };

/** A disk is as full as the reserve says: one larger than any disk makes every disk full. */
const full = { REGATTA_BUCKET_RESERVE_MIB: String(2 ** 33) };

describe('a database whose disk is full', () => {
  let installation: Installation;
  let client: Pusher;

  beforeAll(async () => {
    installation = await Installation.create();
    client = new Pusher((await installation.start()).http, await installation.registry('fullindex'));
    await installation.database.dataSource.query(`
      CREATE FUNCTION content.disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file "base/1/2"' USING ERRCODE = 'disk_full'; END $$`);
  });
  afterAll(() => installation.destroy());

  it.each(['manifests', 'blobs', 'upload_sessions'])(
    'refuses what would grow %s with 503 and says why; later all goes on',
    async (table) => {
      const { text } = await client.image('app', 'v1');
      const push = async () => {
        await client.image('app', `after-${table}`, randomBytes(500));
        await client.start('app');
      };
      const refused = {
        manifests: () => client.manifest('app', 'v2', `${text} `),
        blobs: () => client.send('POST', client.path('app', `blobs/uploads/?digest=${digestOf('new')}`), octets, 'new'),
        upload_sessions: () => client.send('POST', client.path('app', 'blobs/uploads/')),
      }[table]!;
      await installation.database.dataSource.query(
        `CREATE TRIGGER disk_full BEFORE INSERT ON content.${table} FOR EACH ROW EXECUTE FUNCTION content.disk_full()`,
      );
      const answer = await refused();
      expect([answer.status, answer.code(), answer.headers['retry-after']]).toEqual([503, 'UNAVAILABLE', '5']);
      expect(answer.body.toString()).toContain('The disk of the index is full');
      expect((await client.send('GET', client.path('app', 'manifests/v1'))).body.toString()).toBe(text);
      expect((await client.send('GET', '/readyz')).status).toBe(200);
      await installation.database.dataSource.query(`DROP TRIGGER disk_full ON content.${table}`);
      await push();
    },
  );
});

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
