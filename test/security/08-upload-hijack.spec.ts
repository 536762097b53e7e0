import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { basic } from '../../apps/data-plane/test/http-client.js';
import { digestOf, Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';

let installation: Installation;
let regions: Record<'eastus' | 'westeurope', TestRegion>;
let registry: TestRegistry;
let neighbour: TestRegistry;

beforeAll(async () => {
  installation = await Installation.create();
  registry = await installation.registry('uploadowner');
  neighbour = await installation.registry('uploadthief');
  const [eastus, westeurope] = await Promise.all([installation.start(), installation.start('westeurope')]);
  regions = { eastus, westeurope };
});
afterAll(() => installation?.destroy());

/** A client that signs in as a service principal that may push. */
async function principal(at: TestRegistry, region: TestRegion = regions.eastus): Promise<Pusher> {
  const { clientId, secret } = await installation.principal(['AcrPush', at]);
  return new Pusher(region.http, at, 'host', basic(clientId, secret));
}

it('An upload is there for nobody but who opened it, in its repository of its registry', async () => {
  const owner = await principal(registry);
  const bytes = randomBytes(200_000);
  const location = await owner.start('app');
  const octets = { 'content-type': 'application/octet-stream' };
  expect((await owner.send('PATCH', location, octets, bytes.subarray(0, 100_000))).status).toBe(202);
  const id = location.slice(location.lastIndexOf('/') + 1);
  const thief = await principal(registry);
  const ways: Record<string, [Pusher, string]> = {
    'another principal': [thief, location],
    'another principal, another region': [new Pusher(regions.westeurope.http, registry, 'host', thief.headers), location],
    'another principal in path style': [
      new Pusher(regions.eastus.http, registry, 'path', thief.headers),
      `/v2/${registry.name}/app/blobs/uploads/${id}`,
    ],
    'the admin account': [new Pusher(regions.eastus.http, registry), location],
    'its owner in another repository': [owner, `/v2/other/blobs/uploads/${id}`],
    'the admin of another registry': [new Pusher(regions.eastus.http, neighbour), location],
  };
  for (const [who, [client, path]] of Object.entries(ways)) {
    const tried = {
      GET: await client.send('GET', path),
      PATCH: await client.send('PATCH', path, octets, Buffer.from('mine now')),
      'a large PATCH': await client.send('PATCH', path, octets, randomBytes(100_000)),
      PUT: await client.send('PUT', `${path}?digest=${digestOf(bytes)}`, octets, bytes.subarray(100_000)),
      DELETE: await client.send('DELETE', path),
    };
    for (const [what, answer] of Object.entries(tried))
      expect([who, what, answer.status, answer.code()]).toEqual([who, what, 404, 'BLOB_UPLOAD_UNKNOWN']);
  }
  expect((await owner.send('GET', location)).headers.range).toBe('0-99999');
  expect((await owner.send('PUT', `${location}?digest=${digestOf(bytes)}`, octets, bytes.subarray(100_000))).status).toBe(201);
});
