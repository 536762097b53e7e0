import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '#lib/oci';
import { type Bucket, type PartWriter } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { asOwner, body, ContentProcess, large, regionalBuckets, repository } from '../content.suite.js';
import type { UploadOwner } from '../types.js';

const limit = { storageLimit: 2_000_000 };
/** Where a process dies: behind (or before) a call to its bucket. */
const whileWriting = ['before openPart', 'openPart', 'write', 'flush'] as const;
const steps = [...whileWriting, 'before promote', 'promote'] as const;
type Step = (typeof steps)[number];

let db: TestDatabase;
let buckets: Map<string, Bucket>;
let drop: () => Promise<void>;
let heir: ContentProcess;
let victim: ContentProcess;
let dies: (step: Step) => Promise<void>;

beforeAll(async () => {
  db = await testDatabase();
  ({ buckets, drop } = await regionalBuckets());
  heir = new ContentProcess(db.url, buckets);
});
afterAll(async () => {
  await heir?.close();
  await drop?.();
  await db?.drop();
});

/** A bucket that never comes back from one of its calls. */
function deadly(bucket: Bucket, at: (step: Step) => Promise<void>): Bucket {
  const instead: Partial<Bucket> = {
    async openPart(id, offset) {
      await at('before openPart');
      const part = await bucket.openPart(id, offset);
      await at('openPart');
      return new Proxy<PartWriter>(part, {
        get: (target, name) =>
          name === 'write' || name === 'flush'
            ? async (...values: [Buffer, number]) => {
                const result = await (target[name] as (...all: unknown[]) => Promise<unknown>)(...values);
                await at(name);
                return result;
              }
            : bound(target, name),
      });
    },
    async promote(id, key) {
      await at('before promote');
      const done = await bucket.promote(id, key);
      await at('promote');
      return done;
    },
  };
  return new Proxy(bucket, { get: (target, name) => (instead as Record<PropertyKey, unknown>)[name] ?? bound(target, name) });
}

function bound<T extends object>(target: T, name: PropertyKey): unknown {
  const value = Reflect.get(target, name, target) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}

/** A process of its own for each test; it dies where it is told to, with its connections and its lease. */
beforeEach(() => {
  let deadAt: Step | null = null;
  let died!: () => void;
  const dead = new Promise<void>((resolve) => (died = resolve));
  let alive = true;
  const at = async (step: Step) => {
    if (step === deadAt) alive = false;
    if (alive) return;
    died();
    await new Promise<never>(() => undefined);
  };
  victim = new ContentProcess(`${db.url}?application_name=victim`, new Map([['eastus', deadly(buckets.get('eastus')!, at)]]));
  dies = async (step) => {
    deadAt = step;
    await dead;
    await db.dataSource.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'victim'`);
    await db.dataSource.query(`UPDATE content.upload_sessions SET leased_until = now() - interval '1 second' WHERE lease IS NOT NULL`);
  };
});

afterEach(() => victim.uploads.close());

/** Expects that nothing is left of an abandoned upload once it has expired and the collector has run. */
async function nothingIsLeft({ registryId }: UploadOwner, ...kept: Buffer[]): Promise<void> {
  await db.dataSource.query(`UPDATE content.upload_sessions SET touched_at = now() - interval '2 days'`);
  await heir.uploads.sweepExpired(86_400);
  await heir.collector.collectReviewed('eastus');
  const parts = [];
  for await (const page of heir.bucket.listParts(100)) parts.push(...page);
  expect(parts).toEqual([]);
  const [row] = (await db.dataSource.query(
    `SELECT (SELECT coalesce(sum(open_bytes), 0)::int FROM content.usage_shards WHERE registry_id = $1) AS open,
            (SELECT count(*)::int FROM content.blob_placements WHERE region = 'eastus') AS placed`,
    [registryId],
  )) as [{ open: number; placed: number }];
  expect(row.open).toBe(0);
  expect((await heir.bucket.list('', 1000)).keys).toHaveLength(row.placed);
  expect(await heir.index.usageBytes(registryId)).toBe(kept.reduce((sum, { length }) => sum + length, 0));
}

const bytes = large(500_000);
const told = 150_000;

/** An upload whose client was told of its first bytes. */
async function begun(owner: UploadOwner): Promise<string> {
  const { id } = await heir.uploads.start(owner, limit);
  await heir.uploads.append(owner, id, body(bytes.subarray(0, told)), { ...limit, at: 0 });
  return id;
}

it.each(whileWriting)('a process that is killed at %s in a PATCH leaves what its client was told of', async (step) => {
  const owner = asOwner(repository());
  const id = await begun(owner);
  void victim.uploads.append(owner, id, body(bytes.subarray(told)), { ...limit, at: told }).catch(() => undefined);
  await dies(step);
  const { offset } = await heir.uploads.status(owner, id);
  expect(offset).toBeGreaterThanOrEqual(told);
  await heir.uploads.append(owner, id, body(bytes.subarray(offset)), { at: offset, ...limit });
  await heir.uploads.commit(owner, id, digestOf(bytes), limit);
  expect((await heir.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
  await nothingIsLeft(owner, bytes);
});

describe.each(steps)('a process that is killed at %s', (step) => {
  it('in the closing PUT leaves an upload that can be closed', async () => {
    const owner = asOwner(repository());
    const id = await begun(owner);
    const rest = body(bytes.subarray(told));
    void victim.uploads.commit(owner, id, digestOf(bytes), { ...limit, at: told, body: rest }).catch(() => undefined);
    await dies(step);
    expect(await heir.index.blob(owner, digestOf(bytes))).toBeNull();
    const { offset } = await heir.uploads.status(owner, id);
    expect(offset).toBeGreaterThanOrEqual(told);
    await heir.uploads.commit(owner, id, digestOf(bytes), { ...limit, at: offset, body: body(bytes.subarray(offset)) });
    expect((await heir.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
    await nothingIsLeft(owner, bytes);
  });

  it('whose client never comes back leaves nothing', async () => {
    const owner = asOwner(repository());
    const id = await begun(owner);
    const rest = body(bytes.subarray(told));
    void victim.uploads.commit(owner, id, digestOf(bytes), { ...limit, at: told, body: rest }).catch(() => undefined);
    await dies(step);
    await nothingIsLeft(owner);
  });

  it('in a POST with everything leaves nothing, and the same POST succeeds', async () => {
    const owner = asOwner(repository());
    void victim.uploads.put(owner, digestOf(bytes), body(bytes), { ...limit, length: bytes.length }).catch(() => undefined);
    await dies(step);
    expect(await heir.index.blob(owner, digestOf(bytes))).toBeNull();
    await heir.uploads.put(owner, digestOf(bytes), body(bytes), { ...limit, length: bytes.length });
    expect((await heir.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
    await nothingIsLeft(owner, bytes);
  });
});
