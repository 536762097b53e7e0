import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Broadcast, newLogger, PipelinedPool } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { ControlStore } from '../control-store.js';
import { newRegistry, plainSettings } from '../testing/new-registry.js';
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
    await store.announceRegistry(row);
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
      await store.announceRegistry((await store.registries.insert(newRegistry({ name: late })))!);
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

  it('is forgotten under its login label too when a change is announced, also while that label named nobody', async () => {
    const known = snapshots({ broadcast });
    await known.start();
    const name = `r${randomUUID().slice(0, 8)}`;
    const label = `${name}-abcdefgh12345678`;
    expect(await known.byName(label)).toBeNull();
    const row = await control.transaction(async (store) => {
      const made = (await store.registries.insert(newRegistry({ name, loginLabel: label })))!;
      await store.announceRegistry(made);
      return made;
    });
    await expect.poll(async () => (await known.byName(label))?.sku).toBe('Premium');
    await changeAloud(row, 'Basic');
    await expect.poll(async () => (await known.byName(label))!.sku).toBe('Basic');
    await known.close();
  });
});

describe('what is remembered', () => {
  /** Postgres with one registry of each of these names, and a count of the questions put to it. */
  function postgresOf(names: ReadonlySet<string>) {
    const asked = new Map<string, number>();
    const query = async (_statement: unknown, [key]: unknown[]): Promise<never[]> => {
      asked.set(key as string, (asked.get(key as string) ?? 0) + 1);
      return (names.has(key as string) ? [rowOf(key as string)] : []) as never[];
    };
    return { asked, pool: { query } };
  }
  const rowOf = (name: string) => ({ ...newRegistry({ name }), id: name, nameKey: name, loginLabel: name, version: 1 });
  /** Announcements by hand. */
  const megaphone = () => {
    let listener: (key: string) => void = () => {};
    const heard = {
      subscribe: async (_channel: string, given: (key: string) => void) => ((listener = given), () => {}),
      onReconnect: () => {},
    };
    return { broadcast: heard, announce: (key: string) => listener(key) };
  };

  it('is every registry in use, after 100,000 host names that nobody has', async () => {
    const names = new Set(Array.from({ length: 1_000 }, (_, index) => `registry${index}`));
    const { asked, pool: counted } = postgresOf(names);
    const known = snapshots({ pool: counted, capacity: 2_000, absentCapacity: 500 });
    for (const name of names) await known.byName(name);
    for (let index = 0; index < 100_000; index += 1) await known.byName(`random${index}`);
    for (const name of names) await known.byName(name);
    expect([...names].filter((name) => asked.get(name) !== 1)).toEqual([]);
    await known.byName('random99999');
    expect(asked.get('random99999')).toBe(1); // The newest of them are remembered as well,
    await known.byName('random0');
    expect(asked.get('random0')).toBe(2); // the oldest not.
  });

  it('is what was used last when there are more registries than may be remembered', async () => {
    const { asked, pool: counted } = postgresOf(new Set(['busy', ...Array.from({ length: 100 }, (_, index) => `seldom${index}`)]));
    const known = snapshots({ pool: counted, capacity: 10 });
    for (let index = 0; index < 100; index += 1) {
      await known.byName('busy');
      await known.byName(`seldom${index}`);
    }
    expect(asked.get('busy')).toBe(1);
    await known.byName('seldom0');
    expect(asked.get('seldom0')).toBe(2);
  });

  it('is touched by an announcement under exactly the key that it names', async () => {
    const names = ['app', 'apple', 'app-extra', 'ap'];
    const { asked, pool: counted } = postgresOf(new Set(names));
    const { broadcast: loud, announce } = megaphone();
    const known = snapshots({ pool: counted, broadcast: loud });
    await known.start();
    for (const name of names) await known.byName(name);
    announce('app');
    for (const name of names) await known.byName(name);
    expect(Object.fromEntries(asked)).toEqual({ app: 2, apple: 1, 'app-extra': 1, ap: 1 });
  });

  it('costs an announcement as much when it is 20,000 registries as when it is a hundred', async () => {
    const cost = async (count: number): Promise<number> => {
      const names = Array.from({ length: count }, (_, index) => `registry${index}`);
      const { broadcast: loud, announce } = megaphone();
      const known = snapshots({ pool: postgresOf(new Set(names)).pool, broadcast: loud, capacity: count });
      await known.start();
      for (const name of names) await known.byName(name);
      const before = process.cpuUsage();
      for (let index = 0; index < 2_000; index += 1) announce(`registry${index % count}`);
      const { user } = process.cpuUsage(before);
      return user / 2_000;
    };
    const [few, many] = [await cost(100), await cost(20_000)];
    // In microseconds of CPU. A walk over all that is remembered took 1,200.
    expect(many).toBeLessThan(few + 500);
  });
});
