import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { ControlStore } from './control-store.js';
import { finishResourceGroupDeletion } from './resource-groups/resource-groups.jobs.js';

let db: TestDatabase;
let control: ControlStore;

beforeAll(async () => {
  db = await testDatabase();
  control = new ControlStore(db.dataSource);
});
afterAll(() => db?.drop());

const group = (subscriptionId: string, name: string, tags = {}) => ({ subscriptionId, name, location: 'eastus', tags, managedBy: null });
const operation = (targetId: string = randomUUID()) => ({
  kind: 'DeleteResourceGroup',
  status: 'Deleting',
  prefix: 'resourcegroups',
  tenantId: randomUUID(),
  subscriptionId: randomUUID(),
  resourceId: '/subscriptions/x',
  targetId,
  startedBy: randomUUID(),
});

describe('tenants and subscriptions', () => {
  it('are made once, whoever is first, and stay as they were made', async () => {
    const [tenantId, id] = [randomUUID(), randomUUID()];
    const make = (displayName: string) =>
      Promise.all([control.tenants.ensure({ id: tenantId, displayName }), control.subscriptions.ensure({ id, tenantId, displayName })]);
    await make('first');
    await make('second');
    expect((await control.tenants.byId(tenantId))?.displayName).toBe('first');
    expect(await control.subscriptions.byId(id)).toMatchObject({ tenantId, displayName: 'first', state: 'Enabled' });
  });

  it('are listed by tenant in the order of their ids', async () => {
    const tenantId = randomUUID();
    const ids = Array.from({ length: 5 }, () => randomUUID()).sort();
    for (const id of ids) await control.subscriptions.ensure({ id, tenantId, displayName: id });
    expect((await control.subscriptions.ofTenant(tenantId, 10)).map(({ id }) => id)).toEqual(ids);
    expect((await control.subscriptions.ofTenant(tenantId, 2, ids[1])).map(({ id }) => id)).toEqual(ids.slice(2, 4));
  });
});

describe('resource groups', () => {
  it('are unique in their subscription whatever the casing', async () => {
    const subscriptionId = randomUUID();
    const made = await Promise.all(['Abc', 'aBC', 'abc'].map((name) => control.resourceGroups.insert(group(subscriptionId, name))));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await control.resourceGroups.insert(group(randomUUID(), 'abc'))).not.toBeNull();
    expect((await control.resourceGroups.byName(subscriptionId, 'ABC'))?.id).toBe(made.find(Boolean)?.id);
  });

  it('are changed only by whoever read them last', async () => {
    const row = (await control.resourceGroups.insert(group(randomUUID(), 'a')))!;
    const changed = await control.resourceGroups.change(row, { tags: { a: '1' }, name: 'A' });
    expect(changed).toMatchObject({ version: 2, name: 'A', nameKey: 'a', tags: { a: '1' } });
    expect(await control.resourceGroups.change(row, { tags: {} })).toBeNull();
    expect(await control.resourceGroups.byId(row.id)).toMatchObject({ version: 2, tags: { a: '1' } });
  });

  it('are listed in the order of their names, from any of them, by tag', async () => {
    const subscriptionId = randomUUID();
    for (const name of ['b', 'A', '_x', 'c-1', 'c.1']) {
      await control.resourceGroups.insert(group(subscriptionId, name, name < 'c' ? { Team: name } : {}));
    }
    const names = async (options: { afterKey?: string; tag?: { name: string; value?: string } }) =>
      (await control.resourceGroups.ofSubscription(subscriptionId, { limit: 10, ...options })).map(({ nameKey }) => nameKey);
    const all = await names({});
    expect(all).toEqual([...all].sort());
    expect(all).toHaveLength(5);
    expect(await names({ afterKey: all[2]! })).toEqual(all.slice(3));
    expect(await names({ tag: { name: 'team' } })).toHaveLength(3);
    expect(await names({ tag: { name: 'TEAM', value: 'b' } })).toEqual(['b']);
    expect(await names({ tag: { name: 'team', value: 'B' } })).toEqual([]);
  });

  it('are removed only while they are being deleted', async () => {
    const row = (await control.resourceGroups.insert(group(randomUUID(), 'a')))!;
    await control.resourceGroups.delete(row.id);
    expect(await control.resourceGroups.byId(row.id)).not.toBeNull();
    await control.resourceGroups.change(row, { provisioningState: 'Deleting' });
    await control.resourceGroups.delete(row.id);
    expect(await control.resourceGroups.byId(row.id)).toBeNull();
  });

  it('cannot be deleted while somebody makes something in them', async () => {
    const row = (await control.resourceGroups.insert(group(randomUUID(), 'held')))!;
    const order: string[] = [];
    let letGo = () => {};
    const released = new Promise<void>((resolve) => (letGo = resolve));
    const maker = control.transaction(async (store) => {
      await store.resourceGroups.held(row.subscriptionId, 'held');
      order.push('held');
      await released;
      order.push('made');
    });
    await expect.poll(() => order).toEqual(['held']);
    const deleter = control.transaction(async (store) => {
      await store.resourceGroups.locked(row.subscriptionId, 'held');
      order.push('deleted');
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(order).toEqual(['held']);
    letGo();
    await Promise.all([maker, deleter]);
    expect(order).toEqual(['held', 'made', 'deleted']);
  });
});

describe('operations', () => {
  it('end once, and say how', async () => {
    const row = await control.operations.start(operation());
    expect(row.name).toBe(`resourcegroups-${row.id}`);
    expect(await control.operations.byName(row.name.toUpperCase())).toMatchObject({ id: row.id, status: 'Deleting', endedAt: null });
    expect(await control.operations.byName(`registries-${row.id}`)).toBeNull();
    for (const name of ['', 'x', "'; DROP TABLE x", `${row.id}0`]) expect(await control.operations.byName(name)).toBeNull();
    expect(await Promise.all([control.operations.succeed(row.id), control.operations.succeed(row.id)])).toContain(false);
    expect(await control.operations.fail(row.id, { code: 'No', message: 'No.' })).toBe(false);
    await control.operations.progress(row.id, 10);
    expect(await control.operations.byId(row.id)).toMatchObject({ status: 'Succeeded', percentComplete: 100, error: null });
  });

  it('are found by what they are about while they are under way', async () => {
    const targetId = randomUUID();
    const first = await control.operations.start(operation(targetId));
    expect((await control.operations.underWay(targetId))?.id).toBe(first.id);
    await control.operations.fail(first.id, { code: 'Broken', message: 'It broke.' });
    expect(await control.operations.underWay(targetId)).toBeNull();
  });

  it('that are old and still under way are found by kind, those that ended long ago forgotten in batches', async () => {
    const rows = await Promise.all(Array.from({ length: 5 }, () => control.operations.start(operation())));
    const later = new Date(Date.now() + 60_000);
    const ids = (await allOf(control.operations.underWaySince(later, ['DeleteResourceGroup']))).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(rows.map(({ id }) => id)));
    expect(await allOf(control.operations.underWaySince(later, ['SomethingElse']))).toEqual([]);
    expect(await allOf(control.operations.underWaySince(new Date(0), ['DeleteResourceGroup']))).toEqual([]);
    for (const { id } of rows) await control.operations.succeed(id);
    expect(await control.operations.forgetEnded(new Date(0), 10)).toBe(0);
    expect(await control.operations.forgetEnded(later, 2)).toBe(2);
    while ((await control.operations.forgetEnded(later, 2)) > 0);
    for (const { id } of rows) expect(await control.operations.byId(id)).toBeNull();
  });
});

describe('a transaction', () => {
  it('writes everything, the job too, or nothing', async () => {
    const subscriptionId = randomUUID();
    const write = (fails: boolean) =>
      control.transaction(async (store) => {
        const row = (await store.resourceGroups.insert(group(subscriptionId, 'tx')))!;
        const { id } = await store.operations.start(operation(row.id));
        await store.transaction((inner) => inner.outbox.add(finishResourceGroupDeletion, { groupId: row.id, operationId: id }));
        if (fails) throw new Error('changed my mind');
        return row;
      });
    await expect(write(true)).rejects.toThrow('changed my mind');
    expect(await control.resourceGroups.byName(subscriptionId, 'tx')).toBeNull();
    const row = await write(false);
    const jobs = await db.dataSource.query<{ payload: { groupId: string } }[]>(
      `SELECT payload FROM platform.outbox WHERE job = 'finish-resource-group-deletion'`,
    );
    expect(jobs.map(({ payload }) => payload.groupId)).toEqual([row.id]);
  });
});

async function allOf<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
