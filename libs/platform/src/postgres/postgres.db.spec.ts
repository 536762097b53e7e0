import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Door, testDatabase, type TestDatabase } from '#lib/testkit';
import { Broadcast, createDataSource, isDatabaseAway, PipelinedPool } from '../index.js';

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

/** Ends the statement of an application that waits for a lock, and says how many there were. */
const cancel = async (name: string): Promise<number> => {
  const ended = await db.dataSource.query<object[]>(
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
    [name],
  );
  return ended.length;
};

/** How many connections an application has. */
const connections = async (name = 'pipelined'): Promise<number> => {
  const [row] = await db.dataSource.query<{ count: number }[]>(
    'SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1',
    [name],
  );
  return row!.count;
};

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

  it('are on one connection, however often it was lost', async () => {
    let missed = 0;
    const one = broadcast('lossy-listener');
    await one.subscribe('news', () => {});
    one.onReconnect(() => (missed += 1));
    for (let round = 1; round <= 3; round += 1) {
      await cut('lossy-listener');
      await expect.poll(() => missed, { timeout: 10_000 }).toBe(round);
    }
    await expect.poll(() => connections('lossy-listener')).toBe(1);
  });

  it('begin as soon as Postgres answers, for who subscribes while it does not', async () => {
    const door = await Door.to(db.url);
    const one = new Broadcast({ url: door.url, applicationName: 'early-listener' });
    open.push(one);
    const seen: string[] = [];
    await one.subscribe('news', (text) => seen.push(text));
    const listening = new Promise<void>((resolve) => one.onReconnect(resolve));
    await door.turn('open');
    await listening;
    await one.publish(db.dataSource, 'news', 'first');
    await expect.poll(() => seen).toEqual(['first']);
    await one.close();
    await door.turn('shut');
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

  it('runs a statement that waited behind one that should have prepared it and could not', async () => {
    const own = new PipelinedPool({ url: db.url, applicationName: 'unprepared', connections: 1 });
    const prepare = { name: 'late', text: 'SELECT n FROM public.late' };
    const lock = db.dataSource.createQueryRunner();
    await lock.connect();
    await lock.query('CREATE TABLE public.late AS SELECT 7 AS n');
    await lock.startTransaction();
    await lock.query('LOCK TABLE public.late');
    // The first waits for the lock until it is ended; the others are sent by its name meanwhile.
    const first = own.query(prepare, []).catch((error: unknown) => error);
    const second = own.query<{ n: number }>(prepare, []);
    await expect.poll(() => cancel('unprepared')).toBe(1);
    await lock.rollbackTransaction();
    await lock.release();
    expect(await first).toMatchObject({ code: '57014' });
    expect(await second).toEqual([{ n: 7 }]);
    await own.close();
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

  it('fails the transaction whose connection is lost between two of its statements, and takes another for the next', async () => {
    const lost = await pool
      .tx(async (queries) => {
        await queries.query(add, [1, 1]);
        await cut('pipelined');
        await expect.poll(() => connections()).toBe(0);
        await queries.query(add, [1, 1]);
      })
      .catch((error: unknown) => error);
    expect(isDatabaseAway(lost)).toBe(true);
    expect(await pool.tx((queries) => queries.query(add, [2, 2]))).toEqual([{ sum: 4 }]);
  });

  it('never has more connections than it may, however often they are lost', async () => {
    const own = new PipelinedPool({ url: db.url, applicationName: 'counted', connections: 2 });
    for (let round = 0; round < 5; round += 1) {
      await expect
        .poll(() =>
          Promise.all([own.query(add, [1, 1]), own.query(add, [1, 1])]).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      await cut('counted');
    }
    await expect
      .poll(() =>
        Promise.all([own.query(add, [1, 1]), own.query(add, [1, 1])]).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await expect.poll(() => connections('counted')).toBe(2);
    await own.close();
    await expect.poll(() => connections('counted')).toBe(0);
  });

  it('says that a transaction was rolled back when COMMIT was answered so', async () => {
    const swallowed = pool.tx(async (queries) => {
      await queries.query(insert, [5]);
      await queries.query(fail, [0]).catch(() => {});
    });
    await expect(swallowed).rejects.toThrow('rolled back');
    expect(await db.dataSource.query('SELECT n FROM public.kept WHERE n = 5')).toEqual([]);
  });
});

describe('the data source', () => {
  const source = createDataSource({ url: '', applicationName: 'sourced', entities: [], migrations: [], poolSize: 2 });
  beforeAll(async () => {
    source.setOptions({ url: db.url });
    await source.initialize();
  });
  afterAll(() => source.destroy());

  it('fails the transaction whose connection is lost between two of its statements, and takes another for the next', async () => {
    const lost = await source
      .transaction(async (manager) => {
        await manager.query('SELECT 1');
        await cut('sourced');
        await expect.poll(() => connections('sourced')).toBe(0);
        await manager.query('SELECT 1');
      })
      .catch((error: unknown) => error);
    expect(isDatabaseAway(lost), String(lost)).toBe(true);
    expect(await source.transaction((manager) => manager.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('says that a transaction was rolled back when COMMIT was answered so', async () => {
    const swallowed = source.transaction(async (manager) => void (await manager.query('SELECT 1 / 0').catch(() => {})));
    await expect(swallowed).rejects.toThrow('rolled back');
  });
});

describe('a network that drops packets without a word', () => {
  const add = { name: 'add', text: 'SELECT $1::int + $2::int AS sum' };
  const failure = (answer: Promise<unknown>): Promise<unknown> => answer.catch((error: unknown) => error);
  let door: Door;
  beforeEach(async () => {
    door = await Door.to(db.url);
    await door.turn('open');
  });
  afterEach(() => door.turn('shut'));

  it('fails the statements and transactions of a pool under way, and others take their place once it is mended', async () => {
    const pool = new PipelinedPool({ url: door.url, applicationName: 'silenced', connections: 2, statementTimeoutMs: 400 });
    await Promise.all([pool.query(add, [1, 1]), pool.query(add, [1, 1]), pool.queryApart(add, [1, 1])]);
    const { promise: silence, resolve: silent } = Promise.withResolvers<void>();
    const transaction = failure(
      pool.tx(async (queries) => {
        await queries.query(add, [1, 1]);
        await door.turn('silent');
        silent();
        await queries.query(add, [1, 1]);
      }),
    );
    await silence;
    const lost = await Promise.all([
      transaction,
      ...[1, 2, 3].map(() => failure(pool.query(add, [1, 1]))),
      failure(pool.queryApart(add, [1, 1])),
    ]);
    expect(lost.map((error) => [String(error), isDatabaseAway(error)])).toEqual(
      lost.map(() => [expect.stringContaining('Postgres'), true]),
    );
    await door.turn('open');
    await expect.poll(() => pool.query<{ sum: number }>(add, [2, 2]).catch(() => null), { timeout: 5_000 }).toEqual([{ sum: 4 }]);
    expect(await pool.tx((queries) => queries.query(add, [2, 2]))).toEqual([{ sum: 4 }]);
    expect(await pool.queryApart(add, [2, 2])).toEqual([{ sum: 4 }]);
    await pool.close();
  });

  it('fails what a data source has under way, and others take its place once it is mended', async () => {
    const source = createDataSource({
      url: door.url,
      applicationName: 'silenced-source',
      entities: [],
      migrations: [],
      statementTimeoutMs: 400,
    });
    await source.initialize();
    const slowly = 'SELECT pg_sleep(0.1)'; // Both have a connection then.
    await Promise.all([source.query(slowly), source.query(slowly)]);
    await door.turn('silent');
    const lost = await Promise.all([
      failure(source.query('SELECT 1')),
      failure(source.transaction((manager) => manager.query('SELECT 1'))),
    ]);
    expect(lost.map((error) => isDatabaseAway(error))).toEqual([true, true]);
    await door.turn('open');
    expect(await source.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await source.destroy();
  });

  it('leaves a statement alone that Postgres itself ends when it takes too long', async () => {
    const pool = new PipelinedPool({ url: door.url, applicationName: 'slow', connections: 1, statementTimeoutMs: 400 });
    const slow = await failure(pool.query({ name: 'slow', text: 'SELECT pg_sleep(60)' }, []));
    expect(slow).toMatchObject({ code: '57014' });
    expect(await connections('slow')).toBe(1);
    await pool.close();
  });
});

describe('a database that is away', () => {
  it('is told by errors of the driver', async () => {
    const nobodyListens = createDataSource({
      url: 'postgres://nobody@127.0.0.1:1/none',
      applicationName: 'x',
      entities: [],
      migrations: [],
    });
    const pool = new PipelinedPool({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'x' });
    const statement = { name: 'one', text: 'SELECT 1' };
    const failures = [nobodyListens.initialize(), pool.query(statement, []), pool.tx((queries) => queries.query(statement, []))];
    for (const failure of failures) expect(isDatabaseAway(await failure.catch((error: unknown) => error))).toBe(true);
    await pool.close();
  });

  it('is told by what Postgres says of itself', async () => {
    for (const state of ['57P01', '57P02', '57P03', '57014', '53300', '08006', '25006']) {
      const said = db.dataSource.query(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${state}'; END $$`);
      expect(isDatabaseAway(await said.catch((error: unknown) => error)), state).toBe(true);
    }
    for (const state of ['22021', '40P01', '42601']) {
      const said = db.dataSource.query(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${state}'; END $$`);
      expect(isDatabaseAway(await said.catch((error: unknown) => error)), state).toBe(false);
    }
  });

  it('is not told by the connection of a client, nor by a wrong password', async () => {
    for (const code of ['ECONNRESET', 'EPIPE', 'ECONNREFUSED', '57P01'])
      expect(isDatabaseAway(Object.assign(new Error(`read ${code}`), { code })), code).toBe(false);
    const wrong = new PipelinedPool({ url: Object.assign(new URL(db.url), { password: 'wrong' }).toString(), applicationName: 'x' });
    expect(isDatabaseAway(await wrong.query({ name: 'one', text: 'SELECT 1' }, []).catch((error: unknown) => error))).toBe(false);
    await wrong.close();
  });
});
