import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '#lib/oci';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { arriving, asOwner, body, ContentProcess, large, repository, twoProcesses, type TwoProcesses } from '../content.suite.js';
import type { UploadOwner } from '../types.js';

let db: TestDatabase;
let here: ContentProcess;
let other: ContentProcess;
let close: TwoProcesses['close'] | undefined;

beforeAll(async () => {
  db = await testDatabase();
  ({ here, other, close } = await twoProcesses(db.url));
});
afterAll(async () => {
  await close?.();
  await db?.drop();
});

const limit = { storageLimit: 1_000_000 };
const reached = { code: 'StorageLimitReached', message: /1000000/ };
const start = async (owner: UploadOwner) => (await here.uploads.start(owner, limit)).id;

/** Bytes that count toward the limit of a registry, from the rows themselves and as they are counted. */
async function held({ registryId }: UploadOwner): Promise<{ committed: number; open: number }> {
  const [row] = (await db.dataSource.query(
    `SELECT (SELECT coalesce(sum(received), 0)::int FROM content.upload_sessions WHERE registry_id = $1) AS rows,
            (SELECT coalesce(sum(open_bytes), 0)::int FROM content.usage_shards WHERE registry_id = $1) AS open`,
    [registryId],
  )) as [{ rows: number; open: number }];
  expect(row.open).toBe(row.rows);
  return { committed: await here.index.usageBytes(registryId), open: row.open };
}

/** Bodies, all of which have begun before one of them continues. */
function together(count: number): (bytes: Buffer) => ReturnType<typeof arriving> {
  let begun = 0;
  let go!: () => void;
  const all = new Promise<void>((resolve) => (go = resolve));
  return (bytes) =>
    arriving(
      (async function* () {
        yield bytes.subarray(0, 100_000);
        if (++begun === count) go();
        await all;
        yield bytes.subarray(100_000);
      })(),
    );
}

describe('two uploads that do not both fit the registry', () => {
  const ways: Record<string, (owner: UploadOwner, turn: number, bytes: Buffer, body: ReturnType<typeof arriving>) => Promise<unknown>> = {
    'PATCH, of unknown length': async (owner, turn, _bytes, body) =>
      [here, other][turn]!.uploads.append(owner, await start(owner), body, limit),
    'PATCH, of a length that is said': async (owner, turn, bytes, body) =>
      [here, other][turn]!.uploads.append(owner, await start(owner), body, { ...limit, length: bytes.length }),
    'the closing PUT': async (owner, turn, bytes, body) =>
      [here, other][turn]!.uploads.commit(owner, await start(owner), digestOf(bytes), { ...limit, body, length: bytes.length }),
    'POST with everything': async (owner, turn, bytes, body) =>
      [here, other][turn]!.uploads.put(owner, digestOf(bytes), body, { ...limit, length: bytes.length }),
  };
  it.each(Object.entries(ways))('are one too many at the same time, by %s', async (_way, send) => {
    const owner = asOwner(repository());
    const begin = together(2);
    const sent = [large(600_000), large(600_000)].map((bytes, turn) => send(owner, turn, bytes, begin(bytes)));
    const results = await Promise.allSettled(sent);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: reached });
    const { committed, open } = await held(owner);
    expect(committed + open).toBe(600_000);
  });

  it('are one too many though one of them is finished already', async () => {
    const owner = asOwner(repository());
    await here.push(owner, large(600_000), limit.storageLimit);
    const id = await start(owner);
    await expect(here.uploads.append(owner, id, body(large(600_000)), limit)).rejects.toMatchObject(reached);
    expect(await held(owner)).toEqual({ committed: 600_000, open: 0 });
    expect(await here.bucket.partSize(id)).toBeNull();
  });
});

describe('what open uploads hold', () => {
  it('counts in pieces that stay in the index, too', async () => {
    const owner = asOwner(repository());
    const results: PromiseSettledResult<unknown>[] = [];
    for (let at = 0; at < 20; at++) {
      results.push(...(await Promise.allSettled([here.uploads.append(owner, await start(owner), body(large(60_000)), limit)])));
      if (results.at(-1)!.status === 'rejected') break;
    }
    expect(results).toHaveLength(17);
    expect(results.at(-1)).toMatchObject({ reason: reached });
    expect(await held(owner)).toEqual({ committed: 0, open: 16 * 60_000 });
  });

  it('leaves no room for small blobs and for new sessions, and is given back by cancelling, finishing and expiring', async () => {
    const owner = asOwner(repository());
    const kept = large(500_000);
    const [cancelled, expired, finished] = [await start(owner), await start(owner), await start(owner)];
    await here.uploads.append(owner, finished, body(kept), limit);
    await here.uploads.append(owner, cancelled, body(large(400_000)), limit);
    await here.uploads.append(owner, expired, body(large(60_000)), limit);
    await here.uploads.append(owner, expired, body(large(40_000)), limit);
    await expect(start(owner)).rejects.toMatchObject(reached);
    await expect(here.push(owner, large(10), limit.storageLimit)).rejects.toMatchObject(reached);
    await here.uploads.commit(owner, finished, digestOf(kept), limit);
    expect(await held(owner)).toEqual({ committed: 500_000, open: 500_000 });
    await here.uploads.cancel(owner, cancelled);
    await db.dataSource.query(`UPDATE content.upload_sessions SET touched_at = now() - interval '2 days' WHERE id = $1`, [expired]);
    await here.uploads.sweepExpired(86_400);
    expect(await held(owner)).toEqual({ committed: 500_000, open: 0 });
    await here.push(owner, large(500_000), limit.storageLimit);
    expect(await held(owner)).toEqual({ committed: 1_000_000, open: 0 });
  });

  it('is finished to the last byte of the limit', async () => {
    const owner = asOwner(repository());
    for (const size of [700_000, 60_000, 240_000]) {
      const bytes = large(size);
      const id = await start(owner);
      await here.uploads.append(owner, id, body(bytes.subarray(0, size - 10)), limit);
      await here.uploads.commit(owner, id, digestOf(bytes), { ...limit, body: body(bytes.subarray(size - 10)) });
    }
    expect(await held(owner)).toEqual({ committed: 1_000_000, open: 0 });
  });

  it('goes with the registry', async () => {
    const owner = asOwner(repository());
    await here.uploads.append(owner, await start(owner), body(large()), limit);
    await here.index.deleteAllOfRegistry(owner.registryId);
    expect(await held(owner)).toEqual({ committed: 0, open: 0 });
  });

  it('never deadlocks with pushes, cancellations and deletions beside it', async () => {
    const owner = asOwner(repository());
    const work = Array.from({ length: 40 }, async (_, turn) => {
      const bytes = large(70_000);
      const id = (await here.uploads.start(owner, { storageLimit: 5_000_000 })).id;
      await here.uploads.append(owner, id, body(bytes), { storageLimit: 5_000_000 });
      if (turn % 3 === 0) return here.uploads.cancel(owner, id);
      await [here, other][turn % 2]!.uploads.commit(owner, id, digestOf(bytes), { storageLimit: 5_000_000 });
      if (turn % 3 === 1) await here.index.deleteBlob(owner, digestOf(bytes));
    });
    await Promise.all(work);
    expect(await held(owner)).toEqual({ committed: 13 * 70_000, open: 0 });
    const [{ deadlocks }] = (await db.dataSource.query(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    )) as [{ deadlocks: number }];
    expect(deadlocks).toBe(0);
  });
});
