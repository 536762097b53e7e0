import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendants, privateMemory } from '../support/processes.js';
import { crumbs, RawRequest } from '../support/raw-request.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import { call } from '../support/wire.js';

const MiB = 1024 * 1024;
/** Fewer than the million of `test/drills/crumbs.spec.ts`. */
const count = 100_000;
/** Kept one by one, so many chunks need 700 MiB. */
const [atOnce, countEach] = [4, 400_000];
/** What other spec files do meanwhile with the service they share, and the garbage of the crumbs themselves. */
const noise = 256 * MiB;
const digest = `sha256:${createHash('sha256').update('x'.repeat(count)).digest('hex')}`;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry('crumbs');
});
afterAll(() => registry?.remove());

interface Target {
  port: number;
  host: string;
  method: string;
  path: string;
  type: string;
  authorization?: string;
}

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const octets = 'application/octet-stream';
const group = () => `${registry.management.subscription}/resourceGroups/${registry.group}`;
const management = async (method: string, path: string, type: string): Promise<Target> => {
  const { managementHttpPort: port } = registry.service;
  return { port, host: `localhost:${port}`, method, path, type, authorization: `Bearer ${await registry.management.token()}` };
};
const dataPlane = (method: string, path: string, type: string): Target => {
  const { loginServer: host, name, password, service } = registry;
  const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return { port: service.regions.eastus.http, host, method, path, type, authorization };
};
const upload = () => registry.client.startUpload('crumbs');
const anonymous = ({ authorization: _, ...target }: Target): Target => target;

/** Every route that takes a body, who asks, and what becomes of a hundred thousand times x. */
const targets: Record<string, [make: () => Promise<Target> | Target, statuses: number[]]> = {
  'PATCH of an upload': [async () => dataPlane('PATCH', await upload(), octets), [202]],
  'the closing PUT of an upload': [async () => dataPlane('PUT', `${await upload()}?digest=${digest}`, octets), [201]],
  'POST of a whole blob': [() => dataPlane('POST', `/v2/crumbs/blobs/uploads/?digest=${digest}`, octets), [201]],
  'PUT of a manifest': [() => dataPlane('PUT', '/v2/crumbs/manifests/v1', 'application/vnd.oci.image.manifest.v1+json'), [400]],
  'PUT of a manifest by nobody': [() => anonymous(dataPlane('PUT', '/v2/crumbs/manifests/v1', json)), [401]],
  'a form for the token service': [() => anonymous(dataPlane('POST', '/oauth2/token', form)), [400, 413]],
  'a form for the token exchange': [() => anonymous(dataPlane('POST', '/oauth2/exchange', form)), [400, 413]],
  'a GET': [() => dataPlane('GET', '/v2/', octets), [200]],
  'an address nobody answers': [() => dataPlane('POST', '/nothing/here', octets), [404]],
  'PUT of a resource group': [() => management('PUT', `${group()}?api-version=2024-11-01`, json), [400, 413]],
  'PATCH of a registry': [
    () => management('PATCH', `${registry.management.registryPath(registry.group, registry.name)}?api-version=2025-11-01`, json),
    [400, 413],
  ],
  'PUT of a resource group by nobody': [async () => anonymous(await management('PUT', `${group()}?api-version=2024-11-01`, json)), [401]],
  'a form for the token issuer': [async () => anonymous(await management('POST', '/organizations/oauth2/v2.0/token', form)), [400, 413]],
};

function open(target: Target): RawRequest {
  const { port, host, method, path, type, authorization } = target;
  return new RawRequest(port, [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Content-Type: ${type}`,
    'Transfer-Encoding: chunked',
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
  ]);
}

describe('A body in crumbs', { timeout: 120_000 }, () => {
  it.each(Object.entries(targets))('for %s holds nobody up', async (_what, [make, statuses]) => {
    const target = await make();
    const request = open(target);
    const progress = { served: 0, over: false };
    const status = request.status().finally(() => (progress.over = true));
    void request.write(crumbs(count));
    while (!progress.over) {
      // Whoever answers it is busy with the crumbs as well: one process serves both.
      expect((await call(`http://127.0.0.1:${target.port}/livez`)).status).toBe(200);
      progress.served += 1;
    }
    request.destroy();
    expect(statuses).toContain(await status);
    expect(progress.served).toBeGreaterThan(0);
  });

  it('costs no memory for each chunk, and four of them no more', async () => {
    const [make, statuses] = targets['PUT of a manifest']!;
    const before = memory();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, memory())), 50);
    const requests = await Promise.all(Array.from({ length: atOnce }, async () => open(await make())));
    for (const request of requests) void request.write(crumbs(countEach));
    for (const request of requests) expect(statuses).toContain(await request.status());
    clearInterval(watch);
    for (const request of requests) request.destroy();
    expect(most - before).toBeLessThan(noise);
  });
});

/** Memory of the processes that answer clients. */
function memory(): number {
  return descendants(registry.service.pid)
    .filter(({ commandLine }) => /apps\/(data-plane|management-api)\//.test(commandLine))
    .reduce((sum, { pid }) => sum + privateMemory(pid), 0);
}
