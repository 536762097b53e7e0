import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DigestStream } from '#lib/oci';
import type { Bucket } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { arriving, asOwner, ContentProcess, regionalBuckets, repository } from '../content.suite.js';

const MiB = 1024 * 1024;
let db: TestDatabase;
let buckets: Map<string, Bucket>;
let drop: () => Promise<void>;
let here: ContentProcess;

beforeAll(async () => {
  db = await testDatabase();
  ({ buckets, drop } = await regionalBuckets());
  here = new ContentProcess(db.url, buckets);
});
afterAll(async () => {
  await here?.close();
  await drop?.();
  await db?.drop();
});

describe('a blob of 1 GiB', () => {
  it('comes in and goes out in constant memory', async () => {
    const owner = asOwner(repository());
    const size = 1024 * MiB;
    const chunk = randomBytes(MiB / 16);
    const expected = new DigestStream();
    for (let at = 0; at < size; at += chunk.length) expected.update(chunk);
    let most = 0;
    const watch = () => (most = Math.max(most, process.memoryUsage.rss()));
    async function* client() {
      for (let at = 0; at < size; at += chunk.length) {
        if (at % (64 * MiB) === 0) watch();
        yield Buffer.from(chunk); // A socket hands over new memory each time.
      }
    }
    await here.push(owner, randomBytes(4 * MiB)); // What is made once, is made.
    const before = process.memoryUsage.rss();
    const digest = expected.digest();
    await here.uploads.put(owner, digest, arriving(client()), { storageLimit: null, length: size });
    const reader = await here.store.open((await here.index.blob(owner, digest))!);
    let read = 0;
    for await (const slice of reader.read()) {
      read += slice.bytes.length;
      slice.release();
      if (read % (64 * MiB) === 0) watch();
    }
    reader.close();
    expect(read).toBe(size);
    expect((most - before) / MiB).toBeLessThan(128);
  }, 60_000);
});
