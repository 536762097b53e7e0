import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Broadcast, newLogger, PipelinedPool } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { ControlStore } from '../control-store.js';
import { newRegistry, plainSettings } from '../testing/new-registry.js';
import { registryChanged } from '../registries/registry-changed.js';
import type { RegistryEntity } from '../registries/registry.entity.js';
import { RegistrySnapshots } from './registry-snapshots.js';

const loginServerSuffix = 'localhost:5443';
let db: TestDatabase;
let control: ControlStore;
let broadcast: Broadcast;
let pool: PipelinedPool;
let clock = 0;

beforeAll(async () => {
  db = await testDatabase();
  control = new ControlStore(db.dataSource);
  broadcast = new Broadcast({ url: db.url, applicationName: 'spec', logger: newLogger({ name: 'spec', level: 'silent' }) });
  pool = new PipelinedPool({ url: db.url, applicationName: 'spec' });
});
afterAll(async () => {
  await pool.close();
  await broadcast.close();
  await db.drop();
});
beforeEach(() => {
  clock = 1_000_000;
});

const make = (change = {}) => control.registries.insert(newRegistry(change)) as Promise<RegistryEntity>;
const snapshots = (more = {}) => new RegistrySnapshots({ pool, loginServerSuffix, now: () => clock, ...more });
const changeQuietly = async (row: RegistryEntity, sku: RegistryEntity['sku']) => (await control.registries.change(row, { sku }))!;
const changeAloud = (row: RegistryEntity, sku: RegistryEntity['sku']) =>
  control.transaction(async (store) => {
    await store.announce(registryChanged, row.nameKey);
    return (await store.registries.change(row, { sku }))!;
  });

describe('a snapshot', () => {
  it('says what the data plane needs, and no password', async () => {
    const sha256 = createHash('sha256').update('secret').digest('hex');
    const row = await make({
      name: 'MyRegistry',
      loginLabel: 'myregistry-abcdefgh12345678',
      adminPasswords: [{ name: 'password', sealed: 'v1.sealed', sha256 }],
      settings: { ...plainSettings, adminUserEnabled: true },
    });
    const found = (await snapshots().byName('MYREGISTRY'))!;
    expect(found).toMatchObject({
      id: row.id,
      name: 'MyRegistry',
      loginServer: 'myregistry-abcdefgh12345678.localhost:5443',
      resourceId: `/subscriptions/${row.subscriptionId}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/MyRegistry`,
      regions: ['eastus'],
      adminUserEnabled: true,
      adminPasswords: [{ name: 'password', sha256 }],
      policies: plainSettings.policies,
    });
    expect(JSON.stringify(found)).not.toContain('sealed');
    expect((await snapshots().byName('myregistry-abcdefgh12345678'))?.id).toBe(row.id);
    expect(await snapshots().byName('nobody')).toBeNull();
  });

  it('is remembered, and read again once it is old', async () => {
    const row = await make();
    const known = snapshots({ maxAgeMs: 30_000 });
    expect((await known.byName(row.name))!.sku).toBe('Premium');
    await changeQuietly(row, 'Basic');
    clock += 14_000;
    expect((await known.byName(row.name))!.sku).toBe('Premium');
    clock += 17_000;
    expect((await known.byName(row.name))!.sku).toBe('Basic');
  });

  it('is renewed in the background before it is too old', async () => {
    const row = await make();
    const known = snapshots({ maxAgeMs: 30_000 });
    await known.byName(row.name);
    await changeQuietly(row, 'Basic');
    clock += 20_000;
    expect((await known.byName(row.name))!.sku).toBe('Premium');
    await expect.poll(async () => (await known.byName(row.name))!.sku).toBe('Basic');
  });

  it('is forgotten when a change is announced, and so is an absence', async () => {
    const row = await make();
    const late = `r${randomUUID().slice(0, 8)}`;
    const known = snapshots({ broadcast });
    await known.start();
    expect((await known.byName(row.name))!.sku).toBe('Premium');
    expect(await known.byName(late)).toBeNull();
    await changeAloud(row, 'Standard');
    await expect.poll(async () => (await known.byName(row.name))!.sku).toBe('Standard');
    await control.transaction(async (store) => {
      await store.registries.insert(newRegistry({ name: late }));
      await store.announce(registryChanged, late);
    });
    await expect.poll(async () => (await known.byName(late))?.name).toBe(late);
    await known.close();
  });

  it('never stays older than a change announced while it was read', async () => {
    const row = await make();
    const known = snapshots({ broadcast });
    await known.start();
    let version = row;
    for (let i = 0; i < 20; i += 1) {
      const readers = Array.from({ length: 5 }, () => known.byName(row.name));
      version = await changeAloud(version, i % 2 ? 'Basic' : 'Premium');
      await Promise.all(readers);
    }
    await expect.poll(async () => (await known.byName(row.name))!.version).toBe(version.version);
    await known.close();
  });

  it('asks Postgres once for a thousand questions at once', async () => {
    const row = await make();
    let asked = 0;
    const counting = { query: (...args: Parameters<PipelinedPool['query']>) => ((asked += 1), pool.query(...args)) } as PipelinedPool;
    const known = snapshots({ pool: counting });
    await Promise.all(Array.from({ length: 1_000 }, () => known.byName(row.name)));
    expect(asked).toBe(1);
  });

  it('is given as remembered while Postgres does not answer, and an unknown one fails', async () => {
    const row = await make();
    const own = new PipelinedPool({ url: db.url, applicationName: 'spec' });
    const known = snapshots({ pool: own, patienceMs: 100 });
    const before = await known.byName(row.name);
    await own.close();
    clock += 3_600_000;
    expect(await known.byName(row.name)).toEqual(before);
    await expect(known.byName('never-seen')).rejects.toThrow();
  });

  it('remembers no more names than it may', async () => {
    const known = snapshots({ capacity: 10 });
    for (let i = 0; i < 25; i += 1) expect(await known.byName(`absent${i}`)).toBeNull();
    const row = await make();
    expect((await known.byName(row.name))?.id).toBe(row.id);
  });
});
