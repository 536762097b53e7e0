import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

const octets = { 'content-type': 'application/octet-stream' };

describe('an upload', () => {
  let installation: Installation;
  let registry: TestRegistry;
  let first: TestRegion;
  let second: TestRegion;

  beforeAll(async () => {
    installation = await Installation.create();
    registry = await installation.registry('uploadreg');
    [first, second] = await Promise.all([installation.start(), installation.start()]);
  });
  afterAll(() => installation.destroy());

  it('is continued by whichever process of the region the next request reaches', async () => {
    const [here, there] = [new Pusher(first.http, registry), new Pusher(second.https, registry)];
    const bytes = randomBytes(3_000_000);
    const digest = digestOf(bytes);
    const location = await here.start('shared');
    for (let at = 0, turn = 0; at < bytes.length; at += 500_000, turn += 1) {
      const range = { ...octets, 'content-range': `${at}-${at + 499_999}` };
      const answer = await [here, there][turn % 2]!.send('PATCH', location, range, bytes.subarray(at, at + 500_000));
      expect([answer.status, answer.headers.range]).toEqual([202, `0-${at + 499_999}`]);
      expect((await [there, here][turn % 2]!.send('GET', location)).headers.range).toBe(`0-${at + 499_999}`);
    }
    expect((await there.send('PUT', `${location}?digest=${digest}`)).status).toBe(201);
    expect((await here.send('GET', here.path('shared', `blobs/${digest}`))).body.equals(bytes)).toBe(true);
    expect((await here.send('GET', location)).code()).toBe('BLOB_UPLOAD_UNKNOWN');
  });

  it('whose client goes away in the middle shows nothing, and goes on where it stopped', async () => {
    const client = new Pusher(first.http, registry);
    const bytes = randomBytes(2_000_000);
    const location = await client.start('broken');
    const broken = client.client.open({
      method: 'PATCH',
      path: location,
      host: client.host,
      headers: { ...client.headers, ...octets, 'content-length': String(bytes.length) },
    });
    broken.on('error', () => undefined);
    await new Promise<void>((resolve) => broken.write(bytes.subarray(0, 1_000_000), () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 200));
    broken.destroy();

    expect((await client.send('GET', client.path('broken', 'tags/list'))).status).toBe(404);
    expect((await client.send('HEAD', client.path('broken', `blobs/${digestOf(bytes)}`))).status).toBe(404);
    const offset = () => client.send('GET', location).then((answer) => Number(/^0-(\d+)$/.exec(String(answer.headers.range))?.[1]));
    await expect.poll(offset, { timeout: 5_000 }).toBeGreaterThan(0);
    const rest = (await offset()) + 1;
    expect(rest).toBeLessThanOrEqual(1_000_000);
    const resumed = await client.send(
      'PATCH',
      location,
      { ...octets, 'content-range': `${rest}-${bytes.length - 1}` },
      bytes.subarray(rest),
    );
    expect([resumed.status, resumed.headers.range]).toEqual([202, `0-${bytes.length - 1}`]);
    expect((await client.send('PUT', `${location}?digest=${digestOf(bytes)}`)).status).toBe(201);
  });

  it('survives the restart of the process it was begun in', async () => {
    const before = await installation.start();
    const bytes = randomBytes(1_500_000);
    const location = await new Pusher(before.http, registry).start('restarted');
    await new Pusher(before.http, registry).send('PATCH', location, octets, bytes.subarray(0, 700_000));
    await before.stop();
    const after = new Pusher((await installation.start()).http, registry);
    expect((await after.send('GET', location)).headers.range).toBe('0-699999');
    expect((await after.send('PATCH', location, octets, bytes.subarray(700_000))).status).toBe(202);
    expect((await after.send('PUT', `${location}?digest=${digestOf(bytes)}`)).status).toBe(201);
    expect((await after.send('GET', after.path('restarted', `blobs/${digestOf(bytes)}`))).body.equals(bytes)).toBe(true);
  });

  it('under way is finished before the process that takes it stops', async () => {
    const region = await installation.start();
    const client = new Pusher(region.http, registry);
    const bytes = randomBytes(1_000_000);
    async function* slow() {
      for (let at = 0; at < bytes.length; at += 100_000) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield bytes.subarray(at, at + 100_000);
      }
    }
    const path = client.path('drained', `blobs/uploads/?digest=${digestOf(bytes)}`);
    const pushing = client.send('POST', path, { ...octets, 'content-length': String(bytes.length) }, slow());
    await new Promise((resolve) => setTimeout(resolve, 150));
    const stopping = region.drain();
    expect((await pushing).status).toBe(201);
    await stopping;
    const other = new Pusher(first.http, registry);
    expect((await other.send('HEAD', other.path('drained', `blobs/${digestOf(bytes)}`))).status).toBe(200);
  });

  it('to a registry of another region lands in the bucket of that region', async () => {
    const far = await installation.registry('farupload', { location: 'westeurope' });
    const client = new Pusher(first.https, far);
    const image = await client.image('app', 'v1', randomBytes(200_000));
    expect((await client.send('GET', client.path('app', 'manifests/v1'))).status).toBe(200);
    const rows: { region: string }[] = await installation.database.dataSource.query(
      'SELECT region FROM content.blob_placements WHERE digest = $1',
      [image.layer],
    );
    expect(rows).toEqual([{ region: 'westeurope' }]);
    const there = new Pusher((await installation.start('westeurope')).https, far);
    expect((await there.send('GET', there.path('app', `blobs/${image.layer}`))).status).toBe(200);
  });
});
