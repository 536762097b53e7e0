import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestManagement } from '../testing/test-management.js';

let api: TestManagement;
let group: string;
let registry: string;
const version = { apiVersion: '2024-03-01' };

beforeAll(async () => {
  api = await TestManagement.start();
  group = await api.group();
  registry = `${group}/providers/Microsoft.ContainerRegistry/registries/tags${randomUUID().slice(0, 8)}`;
  await api.owner.arm.put(registry, { location: 'eastus', sku: { name: 'Basic' } });
});
afterAll(() => api?.stop());

const at = (scope: string) => `${scope}/providers/Microsoft.Resources/tags/default`;
const scopes: [string, () => string, string][] = [
  ['a resource group', () => group, '2024-03-01'],
  ['a registry', () => registry, '2025-11-01'],
];

describe.each(scopes)('The tags of %s', (_what, scope, apiVersion) => {
  const tags = async () => (await api.owner.arm.get(scope(), { apiVersion })).body.tags;
  const patch = (operation: string, change: object) =>
    api.owner.arm.patch(at(scope()), { operation, properties: { tags: change } }, version);

  it('are a resource of their own, and the same as the member tags', async () => {
    const { arm } = api.owner;
    const put = await arm.put(at(scope()), { properties: { tags: { team: 'web', Env: 'test' } } }, version);
    expect([put.status, put.body]).toEqual([
      200,
      {
        id: at(scope()),
        name: 'default',
        type: 'Microsoft.Resources/tags',
        properties: { tags: { team: 'web', Env: 'test' } },
      },
    ]);
    expect(await arm.get(at(scope()), version)).toMatchObject({ status: 200, body: put.body });
    expect(await tags()).toEqual({ team: 'web', Env: 'test' });
    expect((await arm.head(at(scope()), version)).status).toBe(200);
  });

  it('are merged, deleted by name or by name and value, and replaced', async () => {
    await api.owner.arm.put(at(scope()), { properties: { tags: { a: '1', B: '2', c: '3' } } }, version);
    expect((await patch('Merge', { b: '20', d: '4' })).body.properties.tags).toEqual({ a: '1', B: '20', c: '3', d: '4' });
    expect((await patch('Delete', { A: '', c: 'other', d: '4' })).body.properties.tags).toEqual({ B: '20', c: '3' });
    expect((await patch('Replace', { e: '5' })).body.properties.tags).toEqual({ e: '5' });
    expect(await tags()).toEqual({ e: '5' });
    expect(await api.owner.arm.delete(at(scope()), version)).toMatchObject({ status: 200, text: '' });
    expect(await tags()).toEqual({});
  });

  it('are not lost when many merge at once', async () => {
    await api.owner.arm.delete(at(scope()), version);
    const names = Array.from({ length: 12 }, (_, index) => `tag${index}`);
    const replies = await Promise.all(names.map((name) => patch('Merge', { [name]: 'x' })));
    expect(replies.map(({ status }) => status)).toEqual(names.map(() => 200));
    expect(Object.keys(await tags()).sort()).toEqual(names.toSorted());
  });

  it('are refused where the member tags would be, and change nothing', async () => {
    await api.owner.arm.put(at(scope()), { properties: { tags: { a: '1' } } }, version);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`t${index}`, '']));
    const refused = [await patch('Merge', many), await patch('Merge', { 'a/b': '' }), await patch('Remove', { a: '' })];
    refused.push(await api.owner.arm.put(at(scope()), { properties: { tags: { a: 'x'.repeat(257) } } }, version));
    refused.push(await api.owner.arm.patch(at(scope()), { properties: { tags: {} } }, version));
    for (const { status, body } of refused) expect([status, body.error.code]).toEqual([400, 'InvalidParameter']);
    expect(await tags()).toEqual({ a: '1' });
  });

  it('may be read by a Reader and written by a Contributor of that scope alone', async () => {
    const reader = await api.caller({ role: 'Reader', scope: scope() });
    const contributor = await api.caller({ role: 'Contributor', scope: scope() });
    const neighbour = await api.caller({ role: 'Owner', scope: `${scope()}x` });
    const body = { properties: { tags: { by: 'contributor' } } };
    expect((await reader.arm.get(at(scope()), version)).status).toBe(200);
    expect((await reader.arm.put(at(scope()), body, version)).status).toBe(403);
    expect((await reader.arm.delete(at(scope()), version)).status).toBe(403);
    expect((await contributor.arm.put(at(scope()), body, version)).status).toBe(200);
    for (const reply of [await neighbour.arm.get(at(scope()), version), await neighbour.arm.put(at(scope()), body, version)])
      expect(reply.status).toBe(403);
  });

  it('are absent with what they are of', async () => {
    const absent = `${scope()}x`;
    expect((await api.owner.arm.get(at(absent), version)).status).toBe(404);
    expect((await api.owner.arm.put(at(absent), { properties: { tags: {} } }, version)).status).toBe(404);
    expect((await api.owner.arm.delete(at(absent), version)).status).toBe(404);
  });
});
