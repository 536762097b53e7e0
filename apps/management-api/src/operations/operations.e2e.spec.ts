import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmClient } from '#lib/testkit';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let arm: ArmClient;
let registry: string;
let statusUrl: string;

beforeAll(async () => {
  management = await TestManagement.start();
  arm = management.owner.arm;
});
afterAll(() => management?.stop());

/** A registry that a worker has yet to finish, and the operation that does so. */
async function unfinished(): Promise<string> {
  const group = await management.group();
  registry = `${group}/providers/Microsoft.ContainerRegistry/registries/ops${randomUUID().slice(0, 8)}`;
  const created = await arm.put(registry, { location: 'eastus', sku: { name: 'Basic' } });
  expect(created.status).toBe(201);
  statusUrl = created.headers['azure-asyncoperation']!;
  return statusUrl.split('/').at(-1)!.split('?')[0]!;
}

/** A registry that a worker has yet to delete: what DELETE answered. */
async function deleting() {
  await unfinished();
  const reply = await arm.delete(registry);
  expect([reply.status, reply.text]).toEqual([202, '']);
  return { location: reply.headers['location']!, status: reply.headers['azure-asyncoperation']! };
}

const nameIn = (link: string) => link.split('/').at(-1)!.split('?')[0]!;
const operationOf = async (name: string) => (await management.control.operations.byName(name))!;

describe('an operation', () => {
  it('is under way, repeats its own address, and ends in Succeeded', async () => {
    const name = await unfinished();
    expect(name).toMatch(/^registries-[0-9a-f-]{36}$/);
    expect(statusUrl).toBe(`${management.baseUrl}${registry}/operationStatuses/${name}?api-version=2025-11-01`);
    const running = await arm.get(statusUrl);
    expect(running.status).toBe(200);
    expect(running.body).toMatchObject({ name, status: 'Creating', percentComplete: 0 });
    expect(running.body).not.toHaveProperty('endTime');
    expect(running.headers['azure-asyncoperation']).toBe(statusUrl);
    expect(running.headers['retry-after']).toBe('1');
    const { id } = await operationOf(name);
    await management.control.operations.progress(id, 150);
    expect((await arm.get(statusUrl)).body.percentComplete).toBe(99);
    expect(await management.control.operations.succeed(id)).toBe(true);
    expect(await management.control.operations.fail(id, { code: 'Late', message: 'Too late.' })).toBe(false);
    const ended = await arm.get(statusUrl);
    expect(ended.body).toMatchObject({ status: 'Succeeded', percentComplete: 100, endTime: expect.any(String) });
    expect(ended.headers).not.toHaveProperty('retry-after');
  });

  it('that failed answers 200 with the error', async () => {
    const { id } = await operationOf(await unfinished());
    await management.control.operations.fail(id, { code: 'RegistryCreationFailed', message: 'It could not be.' });
    const { status, body } = await arm.get(statusUrl);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'Failed', error: { code: 'RegistryCreationFailed', message: 'It could not be.' } });
  });

  it('is also found under its location, and gives its result there', async () => {
    const name = await unfinished();
    const base = `/subscriptions/${management.subscriptionId}/providers/Microsoft.ContainerRegistry/locations/eastus`;
    expect((await arm.get(`${base}/operationStatuses/${name.toUpperCase()}`)).body.status).toBe('Creating');
    const waiting = await arm.get(`${base}/operationResults/${name}`);
    expect([waiting.status, waiting.headers['location']]).toEqual([
      202,
      `${management.baseUrl}${base}/operationResults/${name}?api-version=2025-11-01`,
    ]);
    await management.control.operations.succeed((await operationOf(name)).id, { done: true });
    const done = await arm.get(`${base}/operationResults/${name}`);
    expect([done.status, done.body]).toEqual([200, { done: true }]);
  });

  it('stays where it was when its registry is gone', async () => {
    const name = await unfinished();
    const row = await management.control.registries.byId((await operationOf(name)).targetId);
    await management.control.registries.change(row!, { provisioningState: 'Deleting' });
    await management.control.registries.delete(row!.id);
    expect((await arm.get(statusUrl)).status).toBe(200);
  });

  it('is not found under another resource, by another name, or by a stranger', async () => {
    const name = await unfinished();
    const other = registry.replace(/[^/]+$/, 'another1');
    expect((await arm.get(`${other}/operationStatuses/${name}`)).body.error.code).toBe('OperationNotFound');
    expect((await arm.get(`${registry}/operationStatuses/webhooks-${name.slice(-36)}`)).status).toBe(404);
    expect((await arm.get(`${registry}/operationStatuses/nothing`)).status).toBe(404);
    expect((await arm.get(`${registry}/operationStatuses/registries-${randomUUID()}`)).status).toBe(404);
    const stranger = await management.caller();
    expect((await stranger.arm.get(statusUrl)).status).toBe(404);
    const pusher = await management.caller({ role: 'AcrPush', scope: registry });
    expect((await pusher.arm.get(statusUrl)).status).toBe(403);
  });

  it('that deletes is waited for at Location, which ends in 204, while its state is asked for elsewhere', async () => {
    const { location, status } = await deleting();
    const name = nameIn(location);
    const region = `/subscriptions/${management.subscriptionId}/providers/Microsoft.ContainerRegistry/locations/eastus`;
    expect(location).toBe(`${management.baseUrl}${registry}/operationStatuses/${name}?api-version=2025-11-01`);
    expect(status).toBe(`${management.baseUrl}${region}/operationStatuses/${name}?api-version=2025-11-01`);
    expect(name).toMatch(/^registries-[0-9a-f-]{36}$/);
    const waiting = await arm.get(location);
    expect([waiting.status, waiting.text, waiting.headers['location'], waiting.headers['retry-after']]).toEqual([202, '', location, '1']);
    expect(await arm.get(status)).toMatchObject({ status: 200, body: { status: 'Deleting' } });
    await management.control.operations.succeed((await operationOf(name)).id);
    expect(await arm.get(location)).toMatchObject({ status: 204, text: '' });
    expect(await arm.get(status)).toMatchObject({ status: 200, body: { status: 'Succeeded' } });
    // Links of the form used before are still followed.
    expect((await arm.get(location.replace('operationStatuses', 'operationResults'))).status).toBe(204);
  });

  it('that could not delete says so at Location', async () => {
    const { location, status } = await deleting();
    await management.control.operations.fail((await operationOf(nameIn(location))).id, { code: 'Stuck', message: 'It could not be.' });
    expect(await arm.get(location)).toMatchObject({ status: 409, body: { error: { code: 'Stuck', message: 'It could not be.' } } });
    expect(await arm.get(status)).toMatchObject({ status: 200, body: { status: 'Failed' } });
  });

  it('that a POST began ends its Location in 200, with its result or with nothing', async () => {
    const { tenantId, subscriptionId } = management;
    const base = `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerRegistry/locations/eastus/operationResults`;
    const begin = () =>
      management.control.operations.start({
        kind: 'ImportImage',
        status: 'Importing',
        prefix: 'registries',
        tenantId,
        subscriptionId,
        resourceId: registry,
        targetId: randomUUID(),
        startedBy: null,
      });
    const [empty, full] = [await begin(), await begin()];
    expect((await arm.get(`${base}/${empty.name}`)).status).toBe(202);
    await management.control.operations.succeed(empty.id);
    await management.control.operations.succeed(full.id, { username: 'a' });
    expect(await arm.get(`${base}/${empty.name}`)).toMatchObject({ status: 200, text: '' });
    expect(await arm.get(`${base}/${full.name}`)).toMatchObject({ status: 200, body: { username: 'a' } });
  });
});
