import { randomUUID } from 'node:crypto';
import { PipelinedPool } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlStore } from '../control-store.js';
import { newRegistry } from '../testing/new-registry.js';
import { reachOf } from './reach.js';
import { RegistriesInReach } from './registries-in-reach.js';

const [tenantId, here, there, elsewhere] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
let db: TestDatabase;
let pool: PipelinedPool;
let asked = 0;

beforeAll(async () => {
  db = await testDatabase();
  pool = new PipelinedPool({ url: db.url, applicationName: 'spec' });
  const control = new ControlStore(db.dataSource);
  const make = (name: string, subscriptionId: string, resourceGroup: string) =>
    control.registries.insert(newRegistry({ name, loginLabel: name.toLowerCase(), subscriptionId, resourceGroup }));
  await make('Delta', here, 'Blue');
  await make('alpha', here, 'blue');
  await make('bravo', here, 'blues');
  await make('charlie', there, 'blue');
  await make('echo9', elsewhere, 'blue');
  for (const [id, tenant] of [
    [here, tenantId],
    [there, tenantId],
    [elsewhere, randomUUID()],
  ] as const)
    await db.dataSource.query(`INSERT INTO control.subscriptions VALUES ($1, $2, 'spec', 'Enabled', now())`, [id, tenant]);
});
afterAll(async () => {
  await pool.close();
  await db.drop();
});

async function names(scopes: string[], from = '', limit = 10): Promise<string[]> {
  const counted = { queryApart: (...args: Parameters<PipelinedPool['queryApart']>) => ((asked += 1), pool.queryApart(...args)) };
  const inReach = new RegistriesInReach({ pool: counted as PipelinedPool, loginServerSuffix: 'localhost:5443' });
  return (await inReach.page(reachOf(scopes), { tenantId, from, limit })).map(({ name }) => name);
}

describe('registries in reach of some scopes', () => {
  const group = (subscription: string, name: string) => `/subscriptions/${subscription}/resourcegroups/${name}`;
  const registry = (of: string, name: string) => `${of}/providers/microsoft.containerregistry/registries/${name}`;

  it.each([
    ['everything is that of the tenant', ['/'], ['alpha', 'bravo', 'charlie', 'Delta']],
    ['a subscription', [`/subscriptions/${here}`], ['alpha', 'bravo', 'Delta']],
    ['a group, and not the one whose name begins like it', [group(here, 'blue')], ['alpha', 'Delta']],
    ['single registries', [registry(group(here, 'blue'), 'delta'), registry(group(there, 'blue'), 'charlie')], ['charlie', 'Delta']],
    [
      'several that overlap, each once',
      [`/subscriptions/${here}`, group(here, 'blue'), group(there, 'blue')],
      ['alpha', 'bravo', 'charlie', 'Delta'],
    ],
    ['what covers no registry', [`/subscriptions/${randomUUID()}`, '/subscriptions/nonsense', group(here, 'blu'), '/providers/x'], []],
  ])('are found: %s', async (_what, scopes, expected) => {
    expect(await names(scopes)).toEqual(expected);
  });

  it('come in pages, each with one query', async () => {
    asked = 0;
    const scopes = ['/', `/subscriptions/${here}`, registry(group(here, 'blue'), 'alpha'), group(there, 'blue')];
    expect(await names(scopes, '', 2)).toEqual(['alpha', 'bravo']);
    expect(await names(scopes, 'bravo0', 2)).toEqual(['charlie', 'Delta']);
    expect(await names(scopes, 'delta', 2)).toEqual(['Delta']);
    expect(asked).toBe(3);
  });

  it('are not looked for where the scopes cover nothing', async () => {
    asked = 0;
    expect(await names([])).toEqual([]);
    expect(asked).toBe(0);
  });
});
