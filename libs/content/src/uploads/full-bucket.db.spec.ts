import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isFault } from '#lib/domain';
import { digestOf, type Digest } from '#lib/oci';
import { type Bucket, FileBucket, MemoryBucket } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { asOwner, body, ContentProcess, large, recount, repository } from '../content.suite.js';
import type { UploadOwner } from '../types.js';

/**
 * In memory unless a small file system is given, which another writer then fills to the last byte:
 * `mount -t tmpfs -o size=24m tmpfs /mnt/small && REGATTA_DRILL_FULL_DISK=/mnt/small npx vitest run libs/content/src/uploads/full-bucket.db.spec.ts`
 */
const disk = process.env['REGATTA_DRILL_FULL_DISK'];
const filler = disk && join(disk, 'filler');
const noLimit = { storageLimit: null };
const kib = 1024;

let db: TestDatabase;
let bucket: Bucket;
let processes: ContentProcess[];

beforeAll(async () => {
  db = await testDatabase();
  bucket = disk ? new FileBucket(join(disk, 'bucket')) : new MemoryBucket({ capacity: 24 * kib * kib });
  processes = [1, 2].map(() => new ContentProcess(db.url, new Map([['eastus', bucket]])));
});
afterAll(async () => {
  for (const process of processes ?? []) await process.close();
  await bucket?.close();
  if (disk) for (const name of ['bucket', 'filler']) await rm(join(disk, name), { recursive: true, force: true });
  await db?.drop();
});

/** Another writer writes to the disk until nothing more fits. */
async function fillUp(path: string): Promise<void> {
  for (let size = 1024 * kib; size >= 4 * kib; size /= 2) {
    try {
      for (;;) await writeFile(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // A smaller piece may still fit.
    }
  }
}

interface Client {
  owner: UploadOwner;
  process: ContentProcess;
  acknowledged: Map<Digest, Buffer>;
  /** What it had under way when it was refused. */
  open: { id: string; bytes: Buffer; offset: number } | null;
}

/** Pushes in three turns, as clients do: all in one, in chunks of a known length, in a stream. True when it is refused for want of space. */
async function pushOne({ owner, process: { uploads }, acknowledged }: Client, turn: number, opened: (id: string, bytes: Buffer) => void) {
  const bytes = large(200 * kib + 50 * kib * (turn % 5));
  if (turn % 3 === 0) {
    await uploads.put(owner, digestOf(bytes), body(bytes), { ...noLimit, length: bytes.length });
  } else {
    const { id } = await uploads.start(owner, noLimit);
    opened(id, bytes);
    const half = bytes.length >> 1;
    const said = turn % 3 === 1 ? { length: half } : {};
    await uploads.append(owner, id, body(bytes.subarray(0, half)), { at: 0, ...said });
    await uploads.append(owner, id, body(bytes.subarray(half)), { at: half });
    await uploads.commit(owner, id, digestOf(bytes), noLimit);
  }
  acknowledged.set(digestOf(bytes), bytes);
}

async function pushUntilFull(client: Client): Promise<void> {
  for (let turn = 0; ; turn++) {
    let under: { id: string; bytes: Buffer } | null = null;
    try {
      await pushOne(client, turn, (id, bytes) => (under = { id, bytes }));
    } catch (error) {
      if (!isFault(error, 'InsufficientStorage')) throw error;
      client.open = under && { ...(under as { id: string; bytes: Buffer }), offset: 0 };
      return;
    }
    if (filler && turn === 10) await fillUp(filler);
  }
}

async function parts(): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const page of bucket.listParts(100)) for (const { uploadId, size } of page) found.set(uploadId, size);
  return found;
}

it('four clients fill a bucket: nothing acknowledged is lost, what was not is given back, and all works again when there is room', async () => {
  const registry = repository();
  const clients: Client[] = [0, 1, 2, 3].map((turn) => ({
    owner: asOwner({ ...registry, repository: `app${turn}` }, `client${turn}`),
    process: processes[turn % 2]!,
    acknowledged: new Map(),
    open: null,
  }));
  await Promise.all(clients.map(pushUntilFull));

  // Full: blobs can be pulled, and a part holds what its client was told of, no more.
  const intact = async ({ owner, process, acknowledged }: Client) => {
    for (const [digest, bytes] of acknowledged) expect((await process.pull(owner, digest))?.equals(bytes)).toBe(true);
  };
  for (const client of clients) {
    expect(client.acknowledged.size).toBeGreaterThan(0);
    await intact(client);
    if (client.open) client.open.offset = (await client.process.uploads.status(client.owner, client.open.id)).offset;
  }
  const told = clients.flatMap(({ open }) => (open && open.offset > 64 * kib ? [[open.id, open.offset] as const] : []));
  expect(await parts()).toEqual(new Map(told));

  // There is room again: half of the images are deleted, and collected.
  for (const { owner, process, acknowledged } of clients) {
    for (const digest of [...acknowledged.keys()].slice(0, Math.ceil(acknowledged.size / 2))) {
      await process.index.deleteBlob(owner, digest);
      acknowledged.delete(digest);
    }
  }
  if (filler) await rm(filler);
  await processes[0]!.collector.collectReviewed('eastus');
  await expect.poll(() => bucket.room(), { timeout: 5_000 }).toBeGreaterThan(2 * kib * kib);

  // Begun uploads continue where they stopped, and new ones are taken.
  for (const client of clients) {
    const { owner, process, open, acknowledged } = client;
    if (open) {
      await process.uploads.append(owner, open.id, body(open.bytes.subarray(open.offset)), { at: open.offset });
      await process.uploads.commit(owner, open.id, digestOf(open.bytes), noLimit);
      acknowledged.set(digestOf(open.bytes), open.bytes);
    }
    await pushOne(client, 1, () => undefined);
    await intact(client);
  }

  // No part is left, no object without a row, and the registry's usage is what it holds.
  expect(await parts()).toEqual(new Map());
  await processes[0]!.collector.collectReviewed('eastus');
  const placed: { count: number }[] = await db.dataSource.query('SELECT count(*)::int AS count FROM content.blob_placements');
  expect((await bucket.list('', 1000)).keys).toHaveLength(placed[0]!.count);
  expect(placed[0]!.count).toBe(clients.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0));
  expect(await processes[0]!.index.usageBytes(registry.registryId)).toBe(await recount(db.dataSource, registry.registryId));
});
