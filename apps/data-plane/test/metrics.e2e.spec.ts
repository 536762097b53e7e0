import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { metrics } from '#lib/platform';
import { digestOf, Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

let installation: Installation;
let registry: TestRegistry;
let region: TestRegion;

beforeAll(async () => {
  installation = await Installation.create();
  registry = await installation.registry('metricreg');
  region = await installation.start();
});
afterAll(() => installation.destroy());

/** The lines of one metric, as Prometheus reads them. */
const lines = async (name: string) => (await metrics.metrics()).split('\n').filter((line) => line.startsWith(name));
const value = async (name: string) => Number((await lines(name))[0]?.split(' ').at(-1) ?? 0);

it.each([1_000, 200_000])('a blob of %i bytes that is pushed and pulled is counted in bytes and requests', async (size) => {
  const client = new Pusher(region.http, registry);
  const bytes = randomBytes(size);
  const [received, sent] = [await value('registry_blob_bytes_received_total'), await value('registry_blob_bytes_sent_total')];
  const location = await client.start('counted');
  expect((await client.send('PUT', `${location}?digest=${digestOf(bytes)}`, {}, bytes)).status).toBe(201);
  expect(await value('registry_blob_bytes_received_total')).toBe(received + size);
  const pulled = await client.send('GET', client.path('counted', `blobs/${digestOf(bytes)}`));
  expect(pulled.body.equals(bytes)).toBe(true);
  const part = await client.send('GET', client.path('counted', `blobs/${digestOf(bytes)}`), { range: 'bytes=10-19' });
  expect(part.status).toBe(206);
  expect(await value('registry_blob_bytes_sent_total')).toBe(sent + size + 10);
  const requests = await lines('registry_http_requests_total');
  expect(requests.some((line) => line.includes('method="PUT"') && line.includes('status="201"'))).toBe(true);
  expect(requests.join()).not.toContain(digestOf(bytes)); // Patterns, never paths.
});
