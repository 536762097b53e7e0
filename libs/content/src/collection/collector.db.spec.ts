import { randomBytes } from 'node:crypto';
import { open, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '#lib/oci';
import { blobKey, FileBucket } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { asOwner, body, ContentProcess, large, recount, repository, small } from '../content.suite.js';

/** A folder in which a process dies, or is slow, at a chosen step. */
class FragileBucket extends FileBucket {
  die: 'before promote' | 'after promote' | 'after delete' | null = null;
  slow: (() => Promise<void>) | null = null;

  override async promote(uploadId: string, key: string): Promise<boolean> {
    if (this.die === 'before promote') throw new Error('killed');
    const promoted = await super.promote(uploadId, key);
    if (this.die === 'after promote') throw new Error('killed');
    await this.slow?.();
    return promoted;
  }

  override async delete(key: string): Promise<boolean> {
    await this.slow?.();
    const deleted = await super.delete(key);
    if (this.die === 'after delete') throw new Error('killed');
    return deleted;
  }
}

let db: TestDatabase;
let root: string;
let fragile: FragileBucket;
let dying: ContentProcess;
let here: ContentProcess;
/** Gives what it lets go the usual hour; the others give it nothing. */
let patient: ContentProcess;

beforeAll(async () => {
  db = await testDatabase();
  root = await mkdtemp(join(tmpdir(), 'regatta-collect-'));
  fragile = new FragileBucket(root);
  dying = new ContentProcess(db.url, new Map([['eastus', fragile]]));
  here = new ContentProcess(db.url, new Map([['eastus', new FileBucket(root)]]));
  patient = new ContentProcess(db.url, new Map([['eastus', new FileBucket(root)]]), 'eastus', { graceSeconds: 3600 });
});
afterAll(async () => {
  await dying?.close();
  await here?.close();
  await patient?.close();
  await rm(root, { recursive: true, force: true });
  await db?.drop();
});

const noLimit = { storageLimit: null };
const collect = () => here.collector.collectReviewed('eastus');
const allAreDue = () => db.dataSource.query('UPDATE content.link_reviews SET due_at = now()');
/** Until another process waits for a row of this transaction. */
const waitForBlocked = `DO $$ BEGIN
  WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))) LOOP PERFORM pg_sleep(0.01); END LOOP;
END $$`;
const rowsOf = (digest: string) => db.dataSource.query('SELECT 1 FROM content.blobs WHERE digest = $1', [digest]) as Promise<unknown[]>;

/** Uploads a blob in a process that dies at its last step. */
async function pushAndDie(bytes: Buffer, step: FragileBucket['die']) {
  const owner = asOwner(repository());
  const { id } = await dying.uploads.start(owner, noLimit);
  await dying.uploads.append(owner, id, body(bytes));
  fragile.die = step;
  await expect(dying.uploads.commit(owner, id, digestOf(bytes), noLimit)).rejects.toThrow('killed');
  fragile.die = null;
  expect(await here.index.blob(owner, digestOf(bytes))).toBeNull();
  expect(await here.index.usageBytes(owner.registryId)).toBe(0);
  return { owner, id };
}

describe('a process killed while it ends an upload', () => {
  it.each(['before promote', 'after promote'] as const)('%s: the client tries again and succeeds', async (step) => {
    const bytes = large();
    const { owner, id } = await pushAndDie(bytes, step);
    await collect(); // Must not take the bytes of an upload that is about to become this blob.
    expect((await here.uploads.status(owner, id)).offset).toBe(bytes.length);
    await here.uploads.commit(owner, id, digestOf(bytes), noLimit);
    expect((await here.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
    expect(await here.index.usageBytes(owner.registryId)).toBe(bytes.length);
  });

  it('after promote, and the client never comes back: the sweeper and the collector free the bytes', async () => {
    const bytes = large();
    const { id } = await pushAndDie(bytes, 'after promote');
    expect((await here.bucket.stat(blobKey(digestOf(bytes))))?.size).toBe(bytes.length);
    await db.dataSource.query(`UPDATE content.upload_sessions SET touched_at = now() - interval '2 days' WHERE id = $1`, [id]);
    await here.uploads.sweepExpired(86_400);
    await collect();
    expect(await here.bucket.stat(blobKey(digestOf(bytes)))).toBeNull();
    expect(await rowsOf(digestOf(bytes))).toEqual([]);
  });

  it('after promote, and somebody else pushed the same: nothing of theirs is touched', async () => {
    const bytes = large();
    const { owner, id } = await pushAndDie(bytes, 'after promote');
    const other = repository();
    await here.push(other, bytes);
    await here.uploads.cancel(owner, id);
    await collect();
    expect((await here.pull(other, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });
});

describe('collection', () => {
  it('frees the blobs of a deleted manifest after the grace period, links, usage, rows and bytes', async () => {
    const at = repository();
    const [only, shared] = [large(), large()];
    const digest = await here.pushImage(at, 'v1', [only, shared, small()]);
    const kept = await here.pushImage(at, 'v2', [shared]);
    await patient.index.deleteManifest(at, digest);
    expect(await collect()).toEqual({ links: 0, blobs: 0 });
    expect(await here.index.blob(at, digestOf(only))).not.toBeNull();
    await allAreDue();
    await collect();
    expect(await here.index.blob(at, digestOf(only))).toBeNull();
    expect(await here.bucket.stat(blobKey(digestOf(only)))).toBeNull();
    expect(await rowsOf(digestOf(only))).toEqual([]);
    expect((await here.pull(at, digestOf(shared)))!.equals(shared)).toBe(true);
    expect(await here.index.usageBytes(at.registryId)).toBe(await recount(db.dataSource, at.registryId));
    await here.index.deleteManifest(at, kept);
    await collect();
    expect(await here.index.usageBytes(at.registryId)).toBe(0);
    expect(await db.dataSource.query('SELECT 1 FROM content.repositories WHERE registry_id = $1', [at.registryId])).toEqual([]);
  });

  it('leaves a blob that was pushed again while it waited', async () => {
    const at = repository();
    const bytes = large();
    await here.index.deleteManifest(at, await here.pushImage(at, 'v1', [bytes]));
    await patient.push(at, bytes);
    await collect();
    expect((await here.pull(at, digestOf(bytes)))!.equals(bytes)).toBe(true);
    await allAreDue();
    await collect();
    expect(await here.index.blob(at, digestOf(bytes))).toBeNull();
  });

  it('that is deleting a blob makes a push of it wait, and then the blob is there', async () => {
    const at = repository();
    const bytes = large();
    await here.push(at, bytes);
    await here.index.deleteBlob(at, digestOf(bytes));
    let reached!: () => void;
    const deleting = new Promise<void>((resolve) => (reached = resolve));
    fragile.slow = async () => (reached(), sleep(300));
    const collecting = dying.collector.collectReviewed('eastus');
    await deleting;
    fragile.slow = null;
    await here.push(at, bytes);
    expect((await collecting).blobs).toBeGreaterThan(0);
    expect((await here.pull(at, digestOf(bytes)))!.equals(bytes)).toBe(true);
    await collect();
    expect((await here.pull(at, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it('waits for a push that has the bytes in place and not yet the row', async () => {
    const [at, mine] = [repository(), repository()];
    const bytes = large();
    await here.push(at, bytes);
    await here.index.deleteBlob(at, digestOf(bytes));
    fragile.slow = () => sleep(300);
    const pushing = dying.push(mine, bytes);
    await sleep(150);
    await Promise.all([collect(), pushing]);
    fragile.slow = null;
    expect((await here.pull(mine, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it('killed between bytes and rows: the next push brings the bytes back', async () => {
    const at = repository();
    const bytes = large();
    await here.push(at, bytes);
    await here.index.deleteBlob(at, digestOf(bytes));
    fragile.die = 'after delete';
    await expect(dying.collector.collectReviewed('eastus')).rejects.toThrow('killed');
    fragile.die = null;
    expect(await here.bucket.stat(blobKey(digestOf(bytes)))).toBeNull();
    await here.push(at, bytes);
    await collect();
    expect((await here.pull(at, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it('leaves a blob of which somebody who may push was told while it waited, and nobody else keeps it', async () => {
    const at = repository();
    const [told, pulled] = [small(), large()].map((bytes) => [bytes, digestOf(bytes)] as const) as [[Buffer, Digest], [Buffer, Digest]];
    await here.index.deleteManifest(at, await here.pushImage(at, 'v1', [told[0], pulled[0]]));
    expect(await patient.index.blobForPush(at, told[1])).toMatchObject({ digest: told[1], size: told[0].length });
    expect(await patient.index.blob(at, pulled[1])).not.toBeNull();
    await collect();
    expect(await here.index.blob(at, told[1])).not.toBeNull();
    expect(await here.index.blob(at, pulled[1])).toBeNull();
    expect(await here.index.blobForPush(at, pulled[1])).toBeNull();
  });

  it('that decides while somebody asks whether the blob is there makes them wait for what it decides', async () => {
    const at = repository();
    const bytes = small();
    const digest = digestOf(bytes);
    await here.index.deleteManifest(at, await here.pushImage(at, 'v1', [bytes]));
    // What the collector does, held open between its two steps.
    const { promise: taken, resolve: took } = Promise.withResolvers<void>();
    const collecting = here.pool.tx(async (queries) => {
      const [{ id }] = (await queries.query<{ id: string }>(
        { name: 'take', text: 'DELETE FROM content.link_reviews WHERE digest = $1 RETURNING repository_id AS id' },
        [digest],
      )) as [{ id: string }];
      took();
      await queries.query({ name: 'wait', text: waitForBlocked }, []);
      await queries.query({ name: 'unlink', text: 'DELETE FROM content.repository_blobs WHERE repository_id = $1 AND digest = $2' }, [
        id,
        digest,
      ]);
    });
    await taken;
    const answer = patient.index.blobForPush(at, digest);
    await collecting;
    expect(await answer).toBeNull();
  });

  it('waits as long as the change with the longest grace says, and no longer', async () => {
    const at = repository();
    const bytes = small();
    await here.index.deleteManifest(at, await here.pushImage(at, 'v1', [bytes]));
    await db.dataSource.query(`UPDATE content.link_reviews SET due_at = now() + interval '10 minutes'`);
    await here.push(at, bytes);
    const due = 'SELECT round(extract(epoch FROM due_at - now()) / 60)::int AS minutes FROM content.link_reviews WHERE digest = $1';
    expect(await db.dataSource.query(due, [digestOf(bytes)])).toEqual([{ minutes: 10 }]);
    await allAreDue();
    await collect();
  });

  it('in several processes at once frees everything once', async () => {
    const at = repository();
    const blobs = Array.from({ length: 20 }, () => large(70_000));
    await here.index.deleteManifest(at, await here.pushImage(at, 'v1', blobs));
    await Promise.all([collect(), dying.collector.collectReviewed('eastus'), collect()]);
    await collect();
    for (const bytes of blobs) expect(await here.bucket.stat(blobKey(digestOf(bytes)))).toBeNull();
    expect(await here.index.usageBytes(at.registryId)).toBe(0);
  });
});

describe('blobs whose push ended before the manifest', () => {
  const age = (registryId: string, interval: string) =>
    db.dataSource.query(
      `UPDATE content.repository_blobs l SET created_at = now() - $2::interval FROM content.repositories r
       WHERE r.id = l.repository_id AND r.registry_id = $1`,
      [registryId, interval],
    );
  const scanAgain = () => db.dataSource.query(`UPDATE content.scans SET reached_at = now() - interval '3 days'`);

  it('are freed when they are a day old, and not before; what a manifest names stays', async () => {
    const [left, named] = [repository('left'), repository('named')];
    const blobs = [small(), large()];
    for (const bytes of blobs) await here.push(left, bytes);
    await here.pushImage(named, 'v1', blobs);
    await age(left.registryId, '23 hours');
    await age(named.registryId, '2 days');
    await scanAgain();
    await collect();
    for (const bytes of blobs) expect(await here.index.blob(left, digestOf(bytes))).not.toBeNull();
    await age(left.registryId, '25 hours');
    await scanAgain();
    await collect();
    for (const bytes of blobs) expect(await here.index.blob(left, digestOf(bytes))).toBeNull();
    expect(await here.index.usageBytes(left.registryId)).toBe(0);
    expect(await db.dataSource.query('SELECT 1 FROM content.repositories WHERE registry_id = $1', [left.registryId])).toEqual([]);
    for (const bytes of blobs) expect((await here.pull(named, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it('wait a grace period more, in which somebody who asks for them can still name them', async () => {
    const at = repository();
    const digest = await here.push(at, small());
    await age(at.registryId, '25 hours');
    await scanAgain();
    await patient.collector.collectReviewed('eastus');
    const reasons = 'SELECT reason, due_at > now() AS waits FROM content.link_reviews WHERE digest = $1';
    expect(await db.dataSource.query(reasons, [digest])).toEqual([{ reason: 'never-named', waits: true }]);
    await allAreDue();
    expect(await patient.index.blobForPush(at, digest)).not.toBeNull();
    await collect();
    expect(await here.index.blob(at, digest)).not.toBeNull();
    await allAreDue();
    await collect();
    expect(await here.index.blob(at, digest)).toBeNull();
  });

  it('are looked at once: a scan that came past them does not read them again', async () => {
    const at = repository();
    const digest = await here.push(at, small());
    await age(at.registryId, '25 hours');
    await scanAgain();
    await Promise.all([patient, here, dying].map((process) => process.collector.collectReviewed('eastus')));
    await db.dataSource.query('DELETE FROM content.link_reviews WHERE digest = $1', [digest]);
    await collect();
    expect(await db.dataSource.query('SELECT 1 FROM content.link_reviews WHERE digest = $1', [digest])).toEqual([]);
  });
});

describe('a stored byte that changed', () => {
  it('is found by reading, and mended by pushing the blob again', async () => {
    const at = repository();
    const bytes = large();
    const digest = await here.push(at, bytes);
    expect(await here.store.verify(digest, 'eastus')).toBe(true);
    const file = await open(join(root, blobKey(digest)), 'r+');
    await file.write(Buffer.from([bytes[5]! ^ 1]), 0, 1, 5);
    await file.close();
    expect(await here.store.verify(digest, 'eastus')).toBe(false);
    await here.push(repository(), bytes);
    expect(await here.store.verify(digest, 'eastus')).toBe(true);
    expect(await here.store.verify(digestOf(randomBytes(9)), 'eastus')).toBeNull();
  });

  it('that is missing at the end is not served', async () => {
    const at = repository();
    const bytes = large();
    const digest = await here.push(at, bytes);
    const file = await open(join(root, blobKey(digest)), 'r+');
    await file.truncate(1000);
    await file.close();
    await expect(here.pull(at, digest)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  });
});
