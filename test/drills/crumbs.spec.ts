import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crumbs } from '../support/raw-request.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import { ask, type Door, percentile, send, spread, type Target } from './crumbs-scene.js';

/** Few unless told otherwise: `REGATTA_DRILL_CRUMBS=1000000 npx vitest run test/drills/crumbs.spec.ts` measures and prints. */
const measured = process.env['REGATTA_DRILL_CRUMBS'];
const count = Number(measured ?? 20_000);
/** What the neighbour asks beside the crumbs, and once more without them. */
const atLeast = measured ? 5_000 : 20;
const body = crumbs(count);
const digest = `sha256:${createHash('sha256').update('x'.repeat(count)).digest('hex')}`;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry('drillcrumbs');
});
afterAll(() => registry?.remove());

const dataPlane = async (): Promise<Door> => {
  const { loginServer: host, name, password, service } = registry;
  return {
    port: service.regions.eastus.http,
    headers: { host, authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` },
  };
};
const managementApi = async (): Promise<Door> => {
  const { managementHttpPort: port } = registry.service;
  return { port, headers: { host: `localhost:${port}`, authorization: `Bearer ${await registry.management.token()}` } };
};
const group = (): string => `${registry.management.subscription}/resourceGroups/${registry.group}?api-version=2024-11-01`;

const targets: Record<string, Target & { door: () => Promise<Door>; neighbour: () => string }> = {
  'PATCH of an upload': {
    door: dataPlane,
    method: 'PATCH',
    path: () => registry.client.startUpload('crumbs'),
    type: 'application/octet-stream',
    neighbour: () => '/v2/',
    statuses: [202],
  },
  'the closing PUT of an upload': {
    door: dataPlane,
    method: 'PUT',
    path: async () => `${await registry.client.startUpload('crumbs')}?digest=${digest}`,
    type: 'application/octet-stream',
    neighbour: () => '/v2/',
    statuses: [201],
  },
  'PUT of a manifest': {
    door: dataPlane,
    method: 'PUT',
    path: async () => '/v2/crumbs/manifests/v1',
    type: 'application/vnd.oci.image.manifest.v1+json',
    neighbour: () => '/v2/',
    statuses: [400],
  },
  'PUT of a resource group': {
    door: managementApi,
    method: 'PUT',
    path: async () => group(),
    type: 'application/json',
    neighbour: group,
    statuses: [400, 413],
  },
};

describe(`${count} chunks of one byte`, { timeout: 600_000 }, () => {
  it.each(Object.entries(targets))('for %s leave the process to its neighbours', async (what, target) => {
    const door = await target.door();
    const alone = await ask(door, target.neighbour(), (asked) => asked < atLeast);
    const bodies: number[] = [];
    // One body after the other, until the neighbour has asked often enough beside them.
    const run = { enough: false, sent: false };
    const beside = ask(door, target.neighbour(), (asked) => !(run.enough = asked >= atLeast) || !run.sent);
    while (!run.enough) bodies.push(await send(door, target, body));
    run.sent = true;
    const figures = { bodies: spread(bodies), beside: spread(await beside), alone: spread(alone) };
    if (measured) process.stderr.write(`${what}: ${JSON.stringify(figures, null, 2)}\n`);
    expect(bodies.length).toBeGreaterThan(0);
    if (measured) {
      expect(percentile(bodies, 0.5)).toBeLessThan(3_000);
      expect(percentile(await beside, 0.99)).toBeLessThan(50);
    }
  });
});
