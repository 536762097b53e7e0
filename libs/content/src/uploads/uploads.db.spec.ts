import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, type Digest } from '#lib/oci';
import { blobKey, BodyError, type Bucket, MemoryBucket } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import {
  arriving,
  asOwner,
  body,
  ContentProcess,
  emptyIndex,
  large,
  repository,
  small,
  twoProcesses,
  type TwoProcesses,
} from '../content.suite.js';

let db: TestDatabase;
let buckets: TwoProcesses['buckets'];
let here: ContentProcess;
let other: ContentProcess;
let close: TwoProcesses['close'] | undefined;

beforeAll(async () => {
  db = await testDatabase();
  ({ buckets, here, other, close } = await twoProcesses(db.url));
});
afterAll(async () => {
  await close?.();
  await db?.drop();
});

const noLimit = { storageLimit: null };

async function partsOf(bucket: Bucket): Promise<number> {
  let count = 0;
  for await (const page of bucket.listParts(100)) count += page.length;
  return count;
}

describe('an upload', () => {
  it.each([0, 1, 65_536, 65_537, 1_048_576, 5_000_003])('of %i bytes in one PUT can be pulled', async (size) => {
    const at = repository();
    const bytes = randomBytes(size);
    const digest = await here.push(at, bytes);
    expect((await here.pull(at, digest))!.equals(bytes)).toBe(true);
    expect((await here.index.blob(at, digest))!.size).toBe(size);
    expect((await here.index.blob(at, digest))!.inline !== null).toBe(size <= 65_536);
    expect(await here.index.usageBytes(at.registryId)).toBe(size);
  });

  it.each([10, 70_000, 2_500_000])('in chunks of %i bytes, each to another process, can be pulled', async (chunk) => {
    const owner = asOwner(repository());
    const bytes = randomBytes(chunk * 5 + 7);
    const { id } = await here.uploads.start(owner, noLimit);
    const processes = [here, other, other, here, here];
    for (const [turn, process] of processes.entries()) {
      const offset = turn * chunk;
      const status = await process.uploads.append(owner, id, body(bytes.subarray(offset, offset + chunk)), { at: offset });
      expect(status).toEqual({ id, offset: offset + chunk });
      expect(await here.uploads.status(owner, id)).toEqual(status);
    }
    await other.uploads.commit(owner, id, digestOf(bytes), { ...noLimit, body: body(bytes.subarray(chunk * 5)), at: chunk * 5 });
    expect((await here.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
    await expect(here.uploads.status(owner, id)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
  });

  it.each([small, large])('with sha512 is kept under sha512', async (make) => {
    const owner = asOwner(repository());
    const bytes = make();
    const digest = digestOf(bytes, 'sha512');
    await here.uploads.put(owner, digest, body(bytes), noLimit);
    expect((await here.pull(owner, digest))!.equals(bytes)).toBe(true);
    expect(await here.index.blob(owner, digestOf(bytes))).toBeNull();

    const { id } = await here.uploads.start(owner, noLimit);
    await here.uploads.append(owner, id, body(bytes)); // Hashed as sha256 meanwhile: read again at the end.
    await here.uploads.commit(owner, id, digest, noLimit);
  });

  it.each([small, large])('with a wrong digest leaves nothing behind', async (make) => {
    const owner = asOwner(repository());
    const bytes = make();
    const wrong = digestOf(Buffer.from('something else'));
    const before = await partsOf(buckets.get('eastus')!);
    const { id } = await here.uploads.start(owner, noLimit);
    await expect(here.uploads.commit(owner, id, wrong, { ...noLimit, body: body(bytes) })).rejects.toMatchObject({ code: 'DigestInvalid' });
    await expect(here.uploads.put(owner, wrong, body(bytes), noLimit)).rejects.toMatchObject({ code: 'DigestInvalid' });
    for (const digest of [wrong, digestOf(bytes)] as Digest[]) {
      expect(await here.index.blob(owner, digest)).toBeNull();
      expect(await here.bucket.stat(blobKey(digest))).toBeNull();
    }
    await expect(here.uploads.status(owner, id)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
    expect(await partsOf(buckets.get('eastus')!)).toBe(before);
    expect(await here.index.usageBytes(owner.registryId)).toBe(0);
    expect((await here.index.catalog(owner.registryId, { n: 10, last: '' })).names).toEqual([]);
  });

  it.each([40_000, 3_000_000])('whose client goes away in the middle keeps what arrived (%i bytes) and shows nothing', async (size) => {
    const owner = asOwner(repository());
    const bytes = randomBytes(size);
    const arrived = Math.floor(size / 2);
    const { id } = await here.uploads.start(owner, noLimit);
    await expect(here.uploads.append(owner, id, body(bytes, { piece: 10_000, breakAt: arrived }))).rejects.toThrow('aborted');
    expect(await other.uploads.status(owner, id)).toEqual({ id, offset: arrived });
    expect(await here.index.blob(owner, digestOf(bytes))).toBeNull();
    await other.uploads.append(owner, id, body(bytes.subarray(arrived)), { at: arrived });
    await here.uploads.commit(owner, id, digestOf(bytes), noLimit);
    expect((await here.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it('keeps what arrived of a closing PUT that broke off', async () => {
    const owner = asOwner(repository());
    const bytes = large(2_000_000);
    const { id } = await here.uploads.start(owner, noLimit);
    const broken = here.uploads.commit(owner, id, digestOf(bytes), { ...noLimit, body: body(bytes, { breakAt: 1_500_000 }) });
    await expect(broken).rejects.toThrow('aborted');
    expect((await here.uploads.status(owner, id)).offset).toBe(1_500_000);
    await here.uploads.commit(owner, id, digestOf(bytes), { ...noLimit, body: body(bytes.subarray(1_500_000)), at: 1_500_000 });
    expect((await here.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it.each([small, large])('refuses a piece that does not begin where the last one ended', async (make) => {
    const owner = asOwner(repository());
    const bytes = make();
    const { id } = await here.uploads.start(owner, noLimit);
    const { offset } = await here.uploads.append(owner, id, body(bytes));
    for (const at of [0, offset - 1, offset + 1]) {
      const refused = here.uploads.append(owner, id, body(bytes), { at });
      await expect(refused).rejects.toMatchObject({ code: 'RangeInvalid', detail: { offset } });
    }
    await here.uploads.commit(owner, id, digestOf(bytes), noLimit);
  });

  it('is nobody else’s: not in another repository, registry, or by another principal', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    const strangers = [
      { ...owner, repository: 'other' },
      { ...owner, registryId: randomUUID() },
      { ...owner, principalId: 'thief' },
    ];
    for (const thief of strangers) {
      const unknown = { code: 'BlobUploadUnknown' };
      await expect(here.uploads.status(thief, id)).rejects.toMatchObject(unknown);
      await expect(here.uploads.append(thief, id, body(small()))).rejects.toMatchObject(unknown);
      await expect(here.uploads.append(thief, id, body(large()))).rejects.toMatchObject(unknown);
      await expect(here.uploads.commit(thief, id, digestOf(Buffer.alloc(0)), noLimit)).rejects.toMatchObject(unknown);
      await expect(here.uploads.cancel(thief, id)).rejects.toMatchObject(unknown);
    }
    expect(await here.uploads.status(owner, id)).toEqual({ id, offset: 0 });
  });

  it.each(['', '../../etc/passwd', 'x', randomUUID().toUpperCase(), `${randomUUID()}'--`])('does not know the id %j', async (id) => {
    await expect(here.uploads.status(asOwner(repository()), id)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
  });

  it('that is cancelled frees its bytes at once', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    await here.uploads.append(owner, id, body(large()));
    expect(await here.bucket.partSize(id)).toBe(300_001);
    await other.uploads.cancel(owner, id);
    expect(await here.bucket.partSize(id)).toBeNull();
    await expect(here.uploads.cancel(owner, id)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
  });

  it('is written by one at a time: concurrent pieces come whole, one behind the other', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    const pieces = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b'), Buffer.alloc(200_000, 'c')];
    await Promise.all(pieces.map((piece, turn) => [here, other][turn % 2]!.uploads.append(owner, id, body(piece))));
    const read: Buffer[] = [];
    for await (const slice of here.bucket.readPart(id, 0, 599_999)) {
      read.push(Buffer.from(slice.bytes));
      slice.release();
    }
    const bytes = Buffer.concat(read);
    expect([0, 200_000, 400_000].map((at) => bytes.subarray(at, at + 200_000).every((byte) => byte === bytes[at]))).toEqual([
      true,
      true,
      true,
    ]);
    await here.uploads.commit(owner, id, digestOf(bytes), noLimit);
  });

  it('whose answer was lost is answered again: the session is gone, the blob is here', async () => {
    const owner = asOwner(repository());
    const bytes = large();
    const { id } = await here.uploads.start(owner, noLimit);
    await here.uploads.commit(owner, id, digestOf(bytes), { ...noLimit, body: body(bytes) });
    const again = await other.uploads.commit(owner, id, digestOf(bytes), { ...noLimit, body: body(bytes) });
    expect(again).toEqual({ digest: digestOf(bytes), size: bytes.length });
    const elsewhere = other.uploads.commit({ ...owner, repository: 'other' }, id, digestOf(bytes), noLimit);
    await expect(elsewhere).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
  });

  it('that never was is unknown, though its blob is here; so is one that began after the blob was linked', async () => {
    const owner = asOwner(repository());
    const bytes = large();
    const first = await here.uploads.start(owner, noLimit);
    await here.uploads.commit(owner, first.id, digestOf(bytes), { ...noLimit, body: body(bytes) });
    const cancelled = await here.uploads.start(owner, noLimit);
    await here.uploads.cancel(owner, cancelled.id);
    for (const id of [randomUUID(), 'a', cancelled.id]) {
      await expect(here.uploads.commit(owner, id, digestOf(bytes), noLimit)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
    }
  });

  it('that another request goes on writing to is refused as soon as that one has shown it lives', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    let renewals = 0;
    const holder = randomUUID();
    const renew = () =>
      db.dataSource.query(`UPDATE content.upload_sessions SET lease = $2, leased_until = now() + interval '1 minute' WHERE id = $1`, [
        id,
        holder,
      ]);
    await renew();
    const renewing = setInterval(() => void renew().then(() => (renewals += 1)), 200);
    await expect(here.uploads.append(owner, id, body(large()))).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    clearInterval(renewing);
    expect(renewals).toBeLessThan(10);
  });

  it('whose client is cut for its pace before a file was made stays at what was acknowledged', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    await here.uploads.append(owner, id, body(small()));
    async function* trickle() {
      yield small();
      throw new BodyError('slow');
    }
    for (const failing of [
      here.uploads.append(owner, id, arriving(trickle())),
      here.uploads.commit(owner, id, digestOf(small()), { ...noLimit, body: arriving(trickle()) }),
    ]) {
      await expect(failing).rejects.toMatchObject({ failure: 'slow' });
    }
    expect(await here.uploads.status(owner, id)).toEqual({ id, offset: 200 });
  });

  it('is the last one a principal may open when it has ten thousand', async () => {
    const owner = asOwner(repository());
    await db.dataSource.query(
      `INSERT INTO content.upload_sessions (id, registry_id, repository, principal_id, region)
       SELECT gen_random_uuid(), $1, 'app', $2, 'nowhere' FROM generate_series(1, 9999)`,
      [owner.registryId, owner.principalId],
    );
    await here.uploads.start(owner, noLimit);
    await expect(here.uploads.start(owner, noLimit)).rejects.toMatchObject({ code: 'TooManyRequests' });
    await here.uploads.start({ ...owner, principalId: 'another' }, noLimit);
  });

  it('counts toward what the registry may hold before it is finished', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, { storageLimit: 400_000 });
    await here.uploads.append(owner, id, body(large()));
    await expect(here.uploads.start(owner, { storageLimit: 400_000, declaredSize: 200_000 })).rejects.toMatchObject({
      code: 'StorageLimitReached',
    });
  });

  it('goes on after its process died with the lease in its hand', async () => {
    const owner = asOwner(repository());
    const bytes = large(200_000);
    const { id } = await here.uploads.start(owner, noLimit);
    await here.uploads.append(owner, id, body(bytes.subarray(0, 100_000)));
    await db.dataSource.query(
      `UPDATE content.upload_sessions SET lease = gen_random_uuid(), leased_until = now() + interval '700 milliseconds' WHERE id = $1`,
      [id],
    );
    await other.uploads.append(owner, id, body(bytes.subarray(100_000)), { at: 100_000 });
    await other.uploads.commit(owner, id, digestOf(bytes), noLimit);
    expect((await here.pull(owner, digestOf(bytes)))!.equals(bytes)).toBe(true);
  });

  it('stops writing when it is cancelled under way', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    async function* slow() {
      yield large(200_000);
      await other.uploads.cancel(owner, id);
      yield large(200_000);
    }
    await expect(here.uploads.append(owner, id, arriving(slow()))).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
  });

  it('above the size a blob may have is refused while it arrives', async () => {
    const owner = asOwner(repository());
    const { id } = await here.uploads.start(owner, noLimit);
    const refused = here.uploads.append(owner, id, body(large(500_000)), { sizeLimit: 400_000 });
    await expect(refused).rejects.toMatchObject({ code: 'SizeInvalid' });
  });

  describe('for a bucket with little room', () => {
    const noSpace = { code: 'InsufficientStorage', message: /No space is left/ };
    let cramped: ContentProcess;
    let bucket: MemoryBucket;
    beforeAll(() => {
      bucket = new MemoryBucket({ capacity: 600_000 });
      cramped = new ContentProcess(db.url, new Map([['eastus', bucket]]));
    });
    afterAll(() => cramped.close());
    /** A body that fails the test if it is asked for more than the index would keep. */
    const unread = () =>
      arriving(
        (async function* () {
          yield large(70_000);
          throw new Error('The body was read.');
        })(),
      );

    it('is refused before its bytes are read if it says how many there are', async () => {
      const owner = asOwner(repository());
      const { id } = await cramped.uploads.start(owner, noLimit);
      const digest = digestOf(small());
      await expect(cramped.uploads.append(owner, id, unread(), { length: 600_001 })).rejects.toMatchObject(noSpace);
      await expect(cramped.uploads.commit(owner, id, digest, { ...noLimit, body: unread(), length: 600_001 })).rejects.toMatchObject(
        noSpace,
      );
      await expect(cramped.uploads.put(owner, digest, unread(), { ...noLimit, length: 600_001 })).rejects.toMatchObject(noSpace);
      expect(await cramped.uploads.status(owner, id)).toEqual({ id, offset: 0 });
      expect(await partsOf(bucket)).toBe(0);
    });

    it('is not begun when there is none left; what needs no bucket goes on, and so does the rest when there is room again', async () => {
      const at = repository();
      const owner = asOwner(at);
      const open = await cramped.uploads.start(owner, noLimit);
      const filling = await cramped.push(at, large(600_000));
      await expect(cramped.uploads.start(owner, noLimit)).rejects.toMatchObject(noSpace);
      await expect(cramped.uploads.append(owner, open.id, body(large()))).rejects.toMatchObject(noSpace);
      const inIndex = small();
      await cramped.uploads.put(owner, digestOf(inIndex), body(inIndex), noLimit);
      await cramped.putManifest(at, 'v1', emptyIndex());
      expect((await cramped.pull(at, filling))!.length).toBe(600_000);
      await bucket.delete(blobKey(filling));
      const bytes = large();
      await cramped.uploads.append(owner, open.id, body(bytes), { at: 0, length: bytes.length });
      await cramped.uploads.commit(owner, open.id, digestOf(bytes), noLimit);
      expect((await cramped.pull(at, digestOf(bytes)))!.equals(bytes)).toBe(true);
      await cramped.uploads.start(owner, noLimit);
    });
  });

  it('meets a full disk with a clear fault, and nothing is visible', async () => {
    const full = new ContentProcess(db.url, new Map([['eastus', new MemoryBucket({ capacity: 200_000 })]]));
    const owner = asOwner(repository());
    const bytes = large();
    const { id } = await full.uploads.start(owner, noLimit);
    const refused = full.uploads.commit(owner, id, digestOf(bytes), { ...noLimit, body: body(bytes) });
    await expect(refused).rejects.toMatchObject({ code: 'InsufficientStorage', message: /No space is left/ });
    expect(await full.index.blob(owner, digestOf(bytes))).toBeNull();
    expect((await full.uploads.status(owner, id)).offset).toBe(0);
    expect(await full.bucket.partSize(id)).toBeNull();
    await full.close();
  });
});

describe('sweeping uploads', () => {
  it('ends the ones nobody touched, and parts without a session, and no others', async () => {
    const owner = asOwner(repository());
    const ids = await Promise.all([1, 2, 3].map(async () => (await here.uploads.start(owner, noLimit)).id));
    for (const id of ids) await here.uploads.append(owner, id, body(large()));
    await db.dataSource.query(`UPDATE content.upload_sessions SET touched_at = now() - interval '2 days' WHERE id = ANY ($1)`, [
      ids.slice(0, 2),
    ]);
    await db.dataSource.query(`UPDATE content.upload_sessions SET leased_until = now() + interval '1 minute' WHERE id = $1`, [ids[1]]);
    expect(await here.uploads.sweepExpired(86_400)).toBe(1);
    expect(await Promise.all(ids.map((id) => here.bucket.partSize(id)))).toEqual([null, 300_001, 300_001]);
    await db.dataSource.query('DELETE FROM content.upload_sessions WHERE id = $1', [ids[2]]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await here.uploads.sweepExpired(0);
    expect(await here.bucket.partSize(ids[2]!)).toBeNull();
    expect(await here.bucket.partSize(ids[1]!)).toBe(300_001);
  });
});
