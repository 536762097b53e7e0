import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket, Slice } from './bucket.js';
import { blobKey } from './bucket-keys.js';

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const sha512 = (bytes: Buffer) => `sha512:${createHash('sha512').update(bytes).digest('hex')}`;

/** Reads a stream of slices whole, giving every slice back. */
export async function readAll(slices: AsyncGenerator<Slice>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const slice of slices) {
    pieces.push(Buffer.from(slice.bytes));
    slice.release();
  }
  return Buffer.concat(pieces);
}

/** Writes bytes as one part. */
export async function writePart(bucket: Bucket, bytes: Buffer, uploadId: string = randomUUID(), offset = 0): Promise<string> {
  const part = await bucket.openPart(uploadId, offset);
  await part.write(bytes, bytes.length);
  await part.flush();
  await part.close();
  return uploadId;
}

/** Stores bytes under their digest. */
export async function store(bucket: Bucket, bytes: Buffer, digest = sha256(bytes)): Promise<string> {
  const key = blobKey(digest);
  await bucket.promote(await writePart(bucket, bytes), key);
  return key;
}

/** What every bucket must do. `make` gives an empty bucket; `again` another process's view of the same one, where there is such a thing. */
export function describeBucket(
  name: string,
  make: () => Promise<{ bucket: Bucket; again?: () => Bucket; drop?: () => Promise<void> }>,
): void {
  describe(`${name}, as a bucket`, () => {
    let bucket: Bucket;
    let other: Bucket;
    let drop: (() => Promise<void>) | undefined;

    beforeEach(async () => {
      const made = await make();
      bucket = made.bucket;
      other = made.again?.() ?? bucket;
      drop = made.drop;
    });
    afterEach(async () => {
      await bucket.close();
      await other.close();
      await drop?.();
    });

    const whole = async (key: string, from = bucket) => {
      const reader = await from.open(key);
      try {
        return await readAll(reader!.read());
      } finally {
        reader?.close();
      }
    };

    it.each([0, 1, 4095, 4096, 70_000, 3 * 1024 * 1024 + 17])('gives back the %i bytes it took', async (size) => {
      const bytes = randomBytes(size);
      const key = await store(bucket, bytes);
      expect((await bucket.stat(key))?.size).toBe(size);
      expect((await whole(key)).equals(bytes)).toBe(true);
      expect((await whole(key, other)).equals(bytes)).toBe(true);
    });

    it('says how much room it has', async () => {
      expect(await bucket.room()).toBeGreaterThan(0);
    });

    it('keeps digests of both algorithms apart', async () => {
      const bytes = randomBytes(100);
      await store(bucket, bytes, sha512(bytes));
      expect(await bucket.stat(blobKey(sha256(bytes)))).toBeNull();
      expect((await bucket.stat(blobKey(sha512(bytes))))?.size).toBe(100);
    });

    it('shows nothing of a part before it is promoted, and no part after', async () => {
      const bytes = randomBytes(5000);
      const id = await writePart(bucket, bytes);
      expect(await bucket.partSize(id)).toBe(5000);
      expect(await bucket.stat(blobKey(sha256(bytes)))).toBeNull();
      expect(await bucket.open(blobKey(sha256(bytes)))).toBeNull();
      expect(await bucket.promote(id, blobKey(sha256(bytes)))).toBe(true);
      expect(await bucket.partSize(id)).toBeNull();
      expect(await bucket.promote(id, blobKey(sha256(bytes)))).toBe(false);
    });

    it('lets another process go on with a part, at any offset', async () => {
      const bytes = randomBytes(20_000);
      const id = await writePart(bucket, bytes.subarray(0, 7001));
      await writePart(other, bytes.subarray(7001, 12_288), id, 7001);
      await writePart(bucket, bytes.subarray(12_288), id, 12_288);
      expect((await readAll(other.readPart(id, 0, 19_999))).equals(bytes)).toBe(true);
      expect((await readAll(bucket.readPart(id, 7000, 7002))).equals(bytes.subarray(7000, 7003))).toBe(true);
    });

    it('cuts off what was written behind the acknowledged offset', async () => {
      const id = await writePart(bucket, Buffer.from('acknowledged and more'));
      await writePart(bucket, Buffer.from('!'), id, 12);
      expect((await readAll(bucket.readPart(id, 0, 12))).toString()).toBe('acknowledged!');
      expect(await bucket.partSize(id)).toBe(13);
    });

    it('refuses to go on behind the end of a part', async () => {
      const id = await writePart(bucket, Buffer.from('short'));
      await expect(bucket.openPart(id, 6)).rejects.toMatchObject({ failure: 'damaged' });
      await expect(bucket.openPart(randomUUID(), 1)).rejects.toMatchObject({ failure: 'damaged' });
    });

    it('reads ranges', async () => {
      const bytes = randomBytes(2 * 1024 * 1024 + 5);
      const reader = (await bucket.open(await store(bucket, bytes)))!;
      for (const [start, end] of [
        [0, 0],
        [1_000_000, 1_100_000],
        [bytes.length - 5, bytes.length - 1],
        [1, bytes.length - 1],
      ] as const) {
        expect((await readAll(reader.read(start, end))).equals(bytes.subarray(start, end + 1))).toBe(true);
      }
      reader.close();
    });

    it('goes on serving a reader whose object is deleted', async () => {
      const bytes = randomBytes(100_000);
      const key = await store(bucket, bytes);
      const reader = (await bucket.open(key))!;
      expect(await bucket.delete(key)).toBe(true);
      expect(await bucket.delete(key)).toBe(false);
      expect((await readAll(reader.read())).equals(bytes)).toBe(true);
      reader.close();
      reader.close();
      expect(await bucket.open(key)).toBeNull();
    });

    it('takes the same object twice, from two at once', async () => {
      const bytes = randomBytes(9000);
      const keys = await Promise.all([store(bucket, bytes), store(other, bytes), store(bucket, bytes)]);
      expect(new Set(keys).size).toBe(1);
      expect((await whole(keys[0]!)).equals(bytes)).toBe(true);
    });

    it('forgets a reader that leaves early', async () => {
      const reader = (await bucket.open(await store(bucket, randomBytes(4 * 1024 * 1024))))!;
      for await (const slice of reader.read()) {
        slice.release();
        break;
      }
      reader.close();
    });

    it('lists every object once, in pages, in byte order', async () => {
      const stored = new Set<string>();
      for (let at = 0; at < 40; at++) stored.add(await store(bucket, Buffer.from(`object ${at}`)));
      const large = Buffer.from('with sha512');
      stored.add(await store(bucket, large, sha512(large)));
      const listed: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await bucket.list(after, 7);
        expect(page.keys.length).toBeLessThanOrEqual(7);
        listed.push(...page.keys);
        after = page.next;
      }
      expect(listed).toEqual([...stored].sort());
    });

    it('lists every part once for the sweeper, who throws them away meanwhile', async () => {
      const ids = await Promise.all(Array.from({ length: 7 }, () => writePart(bucket, randomBytes(10))));
      const pages: string[][] = [];
      for await (const page of bucket.listParts(3)) {
        pages.push(page.map((part) => part.uploadId));
        await bucket.deletePart(page[0]!.uploadId);
      }
      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(pages.flat().sort()).toEqual(ids.sort());
    });

    it('throws a part away once', async () => {
      const ids = [await writePart(bucket, randomBytes(10))];
      expect(await bucket.deletePart(ids[0]!)).toBe(true);
      expect(await bucket.deletePart(ids[0]!)).toBe(false);
    });

    it.each([
      '../../etc/passwd',
      'blobs/sha256/aa/../../../x',
      'parts/x',
      '/etc/passwd',
      '',
      `blobs/sha256/bb/${'a'.repeat(64)}`,
      `blobs/sha256/aa/${'a'.repeat(64)}\u0000`,
    ])('refuses the key %j', async (key) => {
      await expect(bucket.stat(key)).rejects.toThrow(TypeError);
      await expect(bucket.open(key)).rejects.toThrow(TypeError);
      await expect(bucket.delete(key)).rejects.toThrow(TypeError);
      await expect(bucket.promote(randomUUID(), key)).rejects.toThrow(TypeError);
    });

    it.each(['../x', 'A9B7C6D5-0000-4000-8000-000000000000', '', '.', `${randomUUID()}/..`])('refuses the upload id %j', async (id) => {
      await expect(bucket.openPart(id, 0)).rejects.toThrow(TypeError);
      await expect(bucket.deletePart(id)).rejects.toThrow(TypeError);
    });
  });
}
