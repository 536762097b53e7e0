import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { ControlStore } from '../control-store.js';
import type { NewRegistry } from './registries.table.js';
import { newRegistry } from '../testing/new-registry.js';

let db: TestDatabase;
let control: ControlStore;
const subscriptionId = randomUUID();

beforeAll(async () => {
  db = await testDatabase();
  control = new ControlStore(db.dataSource);
});
afterAll(() => db.drop());

const insert = (change: Partial<NewRegistry> = {}) => control.registries.insert(newRegistry({ subscriptionId, ...change }));

describe('the table of registries', () => {
  it('gives a name once in the whole installation, whatever the case', async () => {
    const row = (await insert({ name: 'Contoso', loginLabel: 'contoso' }))!;
    expect(row).toMatchObject({ name: 'Contoso', nameKey: 'contoso', version: 1 });
    expect(await insert({ name: 'CONTOSO', loginLabel: 'contoso-x', subscriptionId: randomUUID() })).toBeNull();
    expect(await insert({ name: 'contoso2', loginLabel: 'contoso' })).toBeNull();
    expect((await control.registries.byName('cOnToSo'))?.id).toBe(row.id);
    expect((await control.registries.byLoginLabel('Contoso'))?.id).toBe(row.id);
    expect((await control.registries.at({ subscriptionId, resourceGroup: 'RG', name: 'CONTOSO' }))?.id).toBe(row.id);
    expect(await control.registries.at({ subscriptionId, resourceGroup: 'other', name: 'contoso' })).toBeNull();
  });

  it('gives a name to one of many who ask at once', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => insert({ name: 'racing', loginLabel: 'racing' })));
    expect(made.filter(Boolean)).toHaveLength(1);
  });

  it('comes back from the database as it went in', async () => {
    const row = (await insert({ tags: { a: '1' }, identity: { type: 'None' } }))!;
    expect(await control.registries.byId(row.id)).toEqual(row);
  });

  it('refuses a change made for another version', async () => {
    const row = (await insert())!;
    const changed = await control.registries.change(row, { sku: 'Basic' });
    expect(changed).toMatchObject({ sku: 'Basic', version: 2 });
    expect(await control.registries.change(row, { sku: 'Standard' })).toBeNull();
    expect((await control.registries.byId(row.id))!.sku).toBe('Basic');
  });

  it('lists a subscription and a group of it in the order of names, page by page', async () => {
    const mine = randomUUID();
    for (const [name, resourceGroup] of [
      ['delta', 'a'],
      ['Alpha', 'A'],
      ['charlie', 'b'],
      ['bravo', 'a'],
    ] as const) {
      await insert({ name, loginLabel: name.toLowerCase(), subscriptionId: mine, resourceGroup });
    }
    const names = async (limit: number, afterKey?: string, group?: string) =>
      (await control.registries.list(mine, { limit, afterKey }, group)).map(({ name }) => name);
    expect(await names(2)).toEqual(['Alpha', 'bravo']);
    expect(await names(2, 'bravo')).toEqual(['charlie', 'delta']);
    expect(await names(10, undefined, 'a')).toEqual(['Alpha', 'bravo', 'delta']);
  });

  it('removes the row only of what is being deleted', async () => {
    const row = (await insert())!;
    expect(await control.registries.delete(row.id)).toBe(false);
    await control.registries.change(row, { provisioningState: 'Deleting' });
    expect(await control.registries.delete(row.id)).toBe(true);
    expect(await control.registries.byId(row.id)).toBeNull();
  });
});
