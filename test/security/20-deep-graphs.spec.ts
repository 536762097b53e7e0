import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Collector, ContentIndex } from '#lib/content';
import { type Digest, digestOf, ociImageIndex, ociImageManifest, parseManifest } from '#lib/oci';
import { FileBucket, PipelinedPool, type Statement } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { randomUUID } from 'node:crypto';

/** Counts what is asked of Postgres, in transactions and outside of them. */
class CountingPool extends PipelinedPool {
  asked = 0;

  override query<R extends object>(statement: Statement, values: unknown[]): Promise<R[]> {
    this.asked++;
    return super.query(statement, values);
  }

  override tx<T>(work: Parameters<PipelinedPool['tx']>[0]): Promise<T> {
    return super.tx((queries) => work({ query: (statement, values) => (this.asked++, queries.query(statement, values)) })) as Promise<T>;
  }

  async count(work: () => Promise<unknown>): Promise<number> {
    const before = this.asked;
    await work();
    return this.asked - before;
  }
}

let db: TestDatabase;
let folder: string;
let pool: CountingPool;
let index: ContentIndex;
let collector: Collector;

beforeAll(async () => {
  db = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'regatta-graphs-'));
  pool = new CountingPool({ url: db.url, applicationName: 'spec' });
  index = new ContentIndex({ pool, region: 'eastus', graceSeconds: 0 });
  collector = new Collector({ pool, buckets: new Map([['eastus', new FileBucket(folder)]]), graceSeconds: 0 });
});
afterAll(async () => {
  await pool?.close();
  await db?.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Node {
  digest: Digest;
  size: number;
}
const at = () => ({ registryId: randomUUID(), repository: 'graph' });

async function put(repository: ReturnType<typeof at>, content: object): Promise<Node> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndex, manifests: [], ...content }));
  const [digest, manifest] = [digestOf(bytes), parseManifest(bytes, ociImageIndex)];
  await index.putManifest({ ...repository, digest, bytes, manifest, tags: [], storageLimit: null });
  return { digest, size: bytes.length };
}
const listing = (nodes: Node[]) => nodes.map((node) => ({ mediaType: ociImageIndex, ...node }));
const left = async (registryId: string) =>
  (
    (await db.dataSource.query(
      'SELECT count(*)::int AS n FROM content.manifests m JOIN content.repositories r ON r.id = m.repository_id WHERE r.registry_id = $1',
      [registryId],
    )) as [{ n: number }]
  )[0].n;

describe('Indexes of indexes', () => {
  it('of which each level lists both of the level below cost a push, a deletion and a collection the same at any depth', async () => {
    const costs: number[][] = [];
    for (const depth of [2, 40]) {
      const repository = at();
      let level: Node[] = [];
      let pushed = 0;
      // A walk from the top would visit 2 to the power of the depth.
      for (let n = 0; n < depth; n++) {
        const below = level;
        pushed = await pool.count(async () => {
          level = [
            await put(repository, { manifests: listing(below), annotations: { n: 'left' } }),
            await put(repository, { manifests: listing(below), annotations: { n: 'right' } }),
          ];
        });
      }
      const deleted = await pool.count(() => index.deleteManifest(repository, level[0]!.digest));
      const collected = await pool.count(() => collector.collectReviewed('eastus'));
      expect(await left(repository.registryId)).toBe(2 * depth - 1);
      costs.push([pushed, deleted, collected]);
    }
    expect(costs[1]).toEqual(costs[0]);
  });

  it('10 deep and 1,000 wide are taken, deleted and collected in statements as many as there are indexes', async () => {
    const repository = at();
    const leaves: Node[] = [];
    for (let n = 0; n < 1000; n += 50)
      leaves.push(...(await Promise.all(Array.from({ length: 50 }, (_, i) => put(repository, { annotations: { leaf: String(n + i) } })))));
    const levels: Node[] = [];
    const pushed = await pool.count(async () => {
      for (let n = 0; n < 10; n++) levels.push(await put(repository, { manifests: listing([...leaves, ...levels]) }));
    });
    const deleted = await pool.count(async () => {
      for (const { digest } of levels.toReversed()) expect(await index.deleteManifest(repository, digest)).toBe(true);
    });
    expect(pushed).toBeLessThanOrEqual(10 * 10);
    expect(deleted).toBeLessThanOrEqual(10 * 12);
    expect(await pool.count(() => collector.collectReviewed('eastus'))).toBeLessThan(10);
    expect(await left(repository.registryId)).toBe(1000);
  });

  it('cannot be closed to a circle: what is listed must be there first', async () => {
    const repository = at();
    const [one, other] = [digestOf(Buffer.from('one')), digestOf(Buffer.from('other'))];
    await expect(put(repository, { manifests: listing([{ digest: one, size: 3 }]) })).rejects.toMatchObject({
      code: 'ManifestBlobUnknown',
    });
    await expect(put(repository, { manifests: listing([{ digest: other, size: 5 }]) })).rejects.toMatchObject({
      code: 'ManifestBlobUnknown',
    });
  });
});

describe('Manifests about manifests', () => {
  it('300 deep and 300 wide go with the one they are about, in as many statements as one alone', async () => {
    const costs: number[] = [];
    for (const many of [1, 300]) {
      const repository = at();
      const head = await put(repository, { annotations: { head: 'yes' } });
      let above = head;
      for (let n = 0; n < many; n++)
        above = await put(repository, { subject: { mediaType: ociImageManifest, ...above }, annotations: { deep: String(n) } });
      const wide = Array.from({ length: many }, (_, n) =>
        put(repository, { subject: { mediaType: ociImageManifest, ...head }, annotations: { wide: String(n) } }),
      );
      await Promise.all(wide);
      costs.push(await pool.count(() => index.deleteManifest(repository, head.digest)));
      expect(await left(repository.registryId)).toBe(0);
    }
    expect(costs[1]).toBe(costs[0]);
  });
});
