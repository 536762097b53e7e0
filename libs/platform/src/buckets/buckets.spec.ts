import { constants } from 'node:fs';
import { mkdtemp, open, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blobKey } from './bucket-keys.js';
import { BucketError } from './bucket-error.js';
import { BufferPool } from './buffer-pool.js';
import { describeBucket, readAll, store, writePart } from './describe-bucket.suite.js';
import { FileBucket } from './file-bucket.js';
import { MemoryBucket } from './memory-bucket.js';
import { FreeSpace } from './free-space.js';
import { openBuckets } from './open-buckets.js';
import { isAligned, WriteSlots } from './write-slots.js';

const folder = () => mkdtemp(join(tmpdir(), 'regatta-bucket-'));

describeBucket('memory', async () => ({ bucket: new MemoryBucket() }));
describeBucket('a folder', async () => {
  const root = await folder();
  return { bucket: new FileBucket(root), again: () => new FileBucket(root), drop: () => rm(root, { recursive: true, force: true }) };
});

describe('a bucket that is full', () => {
  it('says so, and shows nothing', async () => {
    const bucket = new MemoryBucket({ capacity: 1000 });
    const id = randomUUID();
    const part = await bucket.openPart(id, 0);
    await expect(part.write(randomBytes(2000), 2000)).rejects.toMatchObject({ failure: 'full' });
    await expect(part.flush()).rejects.toBeInstanceOf(BucketError);
    expect((await bucket.list('', 10)).keys).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('has a name for what the kernel says', async () => {
    const full = await open('/dev/full', constants.O_WRONLY);
    const error = await full.write(Buffer.from('x')).catch((cause: unknown) => cause);
    await full.close();
    const { bucketError } = await import('./bucket-error.js');
    expect(bucketError(error)).toMatchObject({ failure: 'full' });
  });
});

describe('a folder as a bucket', () => {
  it('keeps a reserve: it has no room and takes no byte, and lets go of what it has', async () => {
    const root = await folder();
    const open = new FileBucket(root);
    const key = await store(open, randomBytes(10_000));
    const bytes = randomBytes(5000);
    const part = await writePart(open, bytes);
    const bucket = new FileBucket(root, { reserveBytes: Number.MAX_SAFE_INTEGER });
    expect(await open.room()).toBeGreaterThan(0);
    expect(await bucket.room()).toBeLessThan(0);
    const writer = await bucket.openPart(part, bytes.length);
    await expect(writer.write(randomBytes(10), 10)).rejects.toMatchObject({ failure: 'full' });
    await expect(writer.flush()).rejects.toMatchObject({ failure: 'full' });
    await writer.close();
    expect(await bucket.partSize(part)).toBe(bytes.length);
    await bucket.check();
    const reader = (await bucket.open(key))!;
    expect((await readAll(reader.read())).length).toBe(10_000);
    reader.close();
    expect(await bucket.delete(key)).toBe(true);
    expect(await bucket.deletePart(part)).toBe(true);
    await bucket.close();
    await open.close();
    await rm(root, { recursive: true });
  });

  it('fails loudly when an object is shorter than it was', async () => {
    const root = await folder();
    const bucket = new FileBucket(root);
    const key = await store(bucket, randomBytes(100_000));
    const reader = (await bucket.open(key))!;
    await truncate(join(root, key), 50_000);
    await expect(readAll(reader.read())).rejects.toMatchObject({ failure: 'damaged' });
    reader.close();
    await bucket.close();
    await rm(root, { recursive: true });
  });

  it('goes on with a part behind an unaligned offset through aligned slots', async () => {
    const root = await folder();
    const bucket = new FileBucket(root);
    const slots = new WriteSlots({ slotSize: 65_536, count: 2 });
    const bytes = randomBytes(200_001);
    const id = await writePart(bucket, bytes.subarray(0, 5001));
    const part = await bucket.openPart(id, 5001);
    for (let at = 5001; at < bytes.length;) {
      const slot = await slots.take();
      const length = Math.min(slot.bytes.length - (part.offset % 4096), bytes.length - at);
      bytes.copy(slot.bytes, 0, at, at + length);
      at += length;
      void part.write(slot.bytes, length).then(() => slot.release());
    }
    expect(await part.flush()).toBe(bytes.length);
    await part.close();
    expect((await readAll(bucket.readPart(id, 0, bytes.length - 1))).equals(bytes)).toBe(true);
    await bucket.close();
    await rm(root, { recursive: true });
  });

  it('keeps no descriptor of an object nobody reads any more', async () => {
    const root = await folder();
    const bucket = new FileBucket(root, { openFiles: 2 });
    const keys = [];
    for (let at = 0; at < 6; at++) keys.push(await store(bucket, randomBytes(10)));
    for (const key of [...keys, ...keys]) {
      const reader = (await bucket.open(key))!;
      await readAll(reader.read());
      reader.close();
    }
    const open = (await readdir('/proc/self/fd').catch(() => [])).length;
    for (const key of keys) (await bucket.open(key))!.close();
    expect((await readdir('/proc/self/fd').catch(() => [])).length).toBeLessThanOrEqual(open + 1);
    await bucket.close();
    await rm(root, { recursive: true });
  });
});

describe('free space', () => {
  it('is measured once a second, and what is taken meanwhile is counted off', async () => {
    let now = 0;
    let free = 1000;
    let measured = 0;
    const measure = async () => ((measured += 1), free);
    const space = new FreeSpace(measure, { reserveBytes: 100, now: () => now });
    await Promise.all([space.take(300), space.take(300)]);
    expect(await space.left()).toBe(300);
    await expect(space.take(301)).rejects.toMatchObject({ failure: 'full' });
    expect(measured).toBe(1);
    now += 1001;
    free = 2000;
    await space.take(1900);
    expect([await space.left(), measured]).toEqual([0, 2]);
  });
});

describe('the pool of buffers', () => {
  it('lends large pieces to few, smaller ones to many, and never more than its limit of them', () => {
    const pool = new BufferPool({ limit: 4 * 1024 * 1024 });
    const huge = 10 * 1024 * 1024;
    expect(pool.take(huge).bytes.length).toBe(1024 * 1024);
    for (let at = 0; at < 9; at++) pool.enter();
    const second = pool.take(huge);
    expect(second.bytes.length).toBe(512 * 1024);
    while (pool.lent + 512 * 1024 <= 4 * 1024 * 1024) pool.take(huge);
    expect(pool.take(huge).bytes.length).toBe(64 * 1024);
    second.release();
    second.release();
    expect(pool.take(huge).bytes.length).toBe(64 * 1024);
    expect(pool.take(10).bytes.length).toBe(10);
  });
});

describe('write slots', () => {
  it('are aligned, and waited for in turn', async () => {
    const slots = new WriteSlots({ slotSize: 8192, count: 1 });
    const first = await slots.take();
    expect(isAligned(first.bytes)).toBe(true);
    expect(isAligned(Buffer.alloc(8192))).toBe(false);
    const order: number[] = [];
    const waiting = [1, 2].map((at) => slots.take().then((slot) => (order.push(at), slot.release())));
    first.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });
});

describe('bucket URLs', () => {
  it('are folders; what else is asked for is refused by name', () => {
    expect([...openBuckets({ eastus: 'file:///tmp/x' }).keys()]).toEqual(['eastus']);
    expect(() => openBuckets({ westeurope: 's3://x' })).toThrow(/westeurope.*s3/);
    expect(() => blobKey('sha256:../../x')).toThrow(TypeError);
  });
});
