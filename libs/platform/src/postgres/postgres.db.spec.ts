import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { Broadcast, PipelinedPool } from '../index.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

/** Ends every connection of one application, as a restart of Postgres would. */
const cut = (name: string) =>
  db.dataSource.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()', [
    name,
  ]);

describe('notifications', () => {
  const open: Broadcast[] = [];
  const broadcast = (applicationName = 'listener') => {
    const made = new Broadcast({ url: db.url, applicationName });
    open.push(made);
    return made;
  };
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  it('arrive when their transaction commits, at every listener of the channel, and never when it does not', async () => {
    const seen: string[] = [];
    const one = broadcast();
    await Promise.all([
      one.subscribe('news', (text) => seen.push(`a ${text}`)),
      one.subscribe('news', (text) => seen.push(`b ${text}`)),
      one.subscribe('other', (text) => seen.push(`other ${text}`)),
    ]);
    await db.dataSource
      .transaction(async (manager) => {
        await one.publish(manager, 'news', 'never');
        throw new Error('no');
      })
      .catch(() => {});
    await db.dataSource.transaction(async (manager) => {
      await one.publish(manager, 'news', 'now');
      expect(seen).toEqual([]);
    });
    await expect.poll(() => seen).toEqual(['a now', 'b now']);
  });

  it('go on after the connection was lost, and say that some may have been missed', async () => {
    const seen: string[] = [];
    let missed = 0;
    const one = broadcast('cut-listener');
    await one.subscribe('news', (text) => seen.push(text));
    one.onReconnect(() => (missed += 1));
    await cut('cut-listener');
    await expect.poll(() => missed, { timeout: 10_000 }).toBe(1);
    await one.publish(db.dataSource, 'news', 'again');
    await expect.poll(() => seen).toEqual(['again']);
  });
});

describe('the pipelined pool', () => {
  const add = { name: 'add', text: 'SELECT $1::int + $2::int AS sum' };
  const fail = { name: 'fail', text: 'SELECT 1 / $1::int AS never' };
  const insert = { name: 'insert', text: 'INSERT INTO public.kept (n) VALUES ($1)' };
  let pool: PipelinedPool;
  beforeAll(async () => {
    pool = new PipelinedPool({ url: db.url, applicationName: 'pipelined' });
    await db.dataSource.query('CREATE TABLE public.kept (n int)');
  });
  afterAll(() => pool.close());

  it('answers each of many statements under way with its own rows, also beside one that fails', async () => {
    const sums = Array.from({ length: 200 }, (_, n) => pool.query<{ sum: number }>(add, [n, 1]));
    const failed = pool.query(fail, [0]);
    await expect(failed).rejects.toThrow('division by zero');
    expect((await Promise.all(sums)).map(([row]) => row!.sum)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  });

  it('keeps all of a transaction or nothing', async () => {
    await pool.tx(async (queries) => void (await Promise.all([queries.query(insert, [1]), queries.query(insert, [2])])));
    await expect(
      pool.tx(async (queries) => void (await Promise.all([queries.query(insert, [3]), queries.query(fail, [0])]))),
    ).rejects.toThrow();
    await expect(
      pool.tx(async (queries) => {
        await queries.query(insert, [4]);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await db.dataSource.query('SELECT n FROM public.kept ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('finds its way back after every connection was cut', async () => {
    await cut('pipelined');
    await expect.poll(async () => (await pool.query<{ sum: number }>(add, [1, 1]).catch(() => []))[0]?.sum, { timeout: 5_000 }).toBe(2);
    await expect.poll(() => pool.tx((queries) => queries.query(add, [2, 2])).catch(() => null), { timeout: 5_000 }).toEqual([{ sum: 4 }]);
  });
});
