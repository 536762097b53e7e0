import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, ociImageIndex, ociImageManifest, type Digest } from '#lib/oci';
import { blobKey, type Body, type PipelinedPool } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { ContentIndex } from './content-index.js';
import { asOwner, body, ContentProcess, emptyIndex, large, recount, regionalBuckets, repository, small } from './content.suite.js';

let db: TestDatabase;
let drop: () => Promise<void>;
let here: ContentProcess;
let there: ContentProcess;

beforeAll(async () => {
  db = await testDatabase();
  const made = await regionalBuckets();
  drop = made.drop;
  here = new ContentProcess(db.url, made.buckets);
  there = new ContentProcess(db.url, made.buckets, 'westeurope');
});
afterAll(async () => {
  await here?.close();
  await there?.close();
  await drop?.();
  await db?.drop();
});

const tag = (name: string) => ({ kind: 'tag', tag: name }) as const;
const byDigest = (digest: Digest) => ({ kind: 'digest', digest }) as const;
/** Until another connection waits for a row of this transaction. */
const untilBlocking = `DO $$ BEGIN
  WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))) LOOP PERFORM pg_sleep(0.01); END LOOP;
END $$`;
const all = { n: 1000, last: '' };
const imageOf = (layer: Digest) => ({
  schemaVersion: 2,
  mediaType: ociImageManifest,
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: layer, size: 1 },
  layers: [],
});

describe('an image', () => {
  it('pushed in one region is pulled in another at once, byte for byte', async () => {
    const at = repository('team/app');
    const [one, two] = [small(), large()];
    const digest = await here.pushImage(at, 'v1', [one, two]);
    for (const process of [here, there]) {
      const manifest = (await process.index.manifest(at, tag('v1')))!;
      expect(manifest.digest).toBe(digest);
      expect(digestOf(manifest.bytes)).toBe(digest);
      expect(await process.index.manifest(at, byDigest(digest))).toMatchObject({ mediaType: ociImageManifest });
      expect((await process.pull(at, digestOf(one)))!.equals(one)).toBe(true);
      expect((await process.pull(at, digestOf(two)))!.equals(two)).toBe(true);
    }
    expect((await here.index.blob(at, digestOf(two)))!.regions).toEqual(['eastus']);
  });

  it('is unknown under another tag, in another repository, in another registry', async () => {
    const at = repository();
    const layer = large();
    const digest = await here.pushImage(at, 'v1', [layer]);
    expect(await here.index.manifest(at, tag('v2'))).toBeNull();
    for (const elsewhere of [
      { ...at, repository: 'other' },
      { ...at, registryId: randomUUID() },
    ]) {
      await here.pushImage(elsewhere, 'unrelated', [small()]);
      expect(await here.index.manifest(elsewhere, tag('v1'))).toBeNull();
      expect(await here.index.manifest(elsewhere, byDigest(digest))).toBeNull();
      expect(await here.index.blob(elsewhere, digestOf(layer))).toBeNull();
    }
  });

  it('whose manifest names what is not in this repository is refused, and names it', async () => {
    const at = repository();
    const foreign = await here.push({ ...at, repository: 'elsewhere' }, small());
    await expect(here.putManifest(at, 'v1', imageOf(foreign))).rejects.toMatchObject({
      code: 'ManifestBlobUnknown',
      detail: [{ digest: foreign, kind: 'blob' }],
    });
    const child = { mediaType: ociImageManifest, digest: foreign, size: 1 };
    await expect(here.putManifest(at, 'v1', { ...emptyIndex(), manifests: [child] })).rejects.toMatchObject({
      code: 'ManifestBlobUnknown',
      detail: [{ digest: foreign, kind: 'manifest' }],
    });
    expect(await here.index.manifest(at, tag('v1'))).toBeNull();
    expect((await here.index.catalog(at.registryId, all)).names).toEqual([]);
  });

  it('may have a subject that is absent', async () => {
    const at = repository();
    const subject = { mediaType: ociImageIndex, digest: digestOf(small()), size: 1 };
    await here.putManifest(at, 'signature', { ...emptyIndex(), subject });
    expect(await here.index.manifest(at, tag('signature'))).not.toBeNull();
  });

  it('pushed again is not new, and may move its tag', async () => {
    const at = repository();
    const first = await here.pushImage(at, 'v1', [small()]);
    const second = await here.pushImage(at, 'v1', [small()]);
    expect((await there.index.manifest(at, tag('v1')))!.digest).toBe(second);
    const manifest = (await here.index.manifest(at, byDigest(first)))!;
    expect(manifest.digest).toBe(first);
    const used = await here.index.usageBytes(at.registryId);
    await here.putManifest(at, 'v1', JSON.parse(manifest.bytes.toString()));
    expect((await there.index.manifest(at, tag('v1')))!.digest).toBe(first);
    expect(await here.index.usageBytes(at.registryId)).toBe(used);
  });

  it('that is deleted takes its tags and its signatures along, everywhere at once', async () => {
    const at = repository();
    const digest = await here.pushImage(at, 'v1', [small()]);
    const other = await here.pushImage(at, 'other', [small()]);
    const subject = (of: Digest) => ({ subject: { mediaType: ociImageManifest, digest: of, size: 1 } });
    const signature = await here.putManifest(at, 'sig', { ...emptyIndex(), ...subject(digest) });
    const countersigned = await here.putManifest(at, null, { ...emptyIndex(), ...subject(signature) });
    await there.index.manifest(at, byDigest(digest)); // In memory there.
    expect(await here.index.deleteManifest(at, digest)).toBe(true);
    expect(await here.index.deleteManifest(at, digest)).toBe(false);
    for (const gone of [digest, signature, countersigned]) expect(await there.index.manifest(at, byDigest(gone))).toBeNull();
    expect((await there.index.tags(at, all)).names).toEqual(['other']);
    expect(await there.index.manifest(at, byDigest(other))).not.toBeNull();
    expect(await here.index.usageBytes(at.registryId)).toBe(await recount(db.dataSource, at.registryId));
  });

  it('keeps its manifest when a tag is removed; the repository goes with its last manifest', async () => {
    const at = repository();
    const digest = await here.pushImage(at, 'v1', [small()]);
    expect(await here.index.deleteTag(at, 'v1')).toBe(true);
    expect(await here.index.deleteTag(at, 'v1')).toBe(false);
    expect(await here.index.tags(at, all)).toEqual({ names: [], more: false });
    await here.index.deleteManifest(at, digest);
    await expect(here.index.tags(at, all)).rejects.toMatchObject({ code: 'NameUnknown', detail: { name: 'app' } });
    expect((await here.index.catalog(at.registryId, all)).names).toEqual([]);
  });
});

describe('a mount', () => {
  it('gives what another repository of the registry has, and nothing else', async () => {
    const at = repository();
    const bytes = large();
    const digest = await here.push({ ...at, repository: 'base' }, bytes);
    expect(await here.index.mountBlob(at, digest, 'base', null)).toBe(true);
    expect((await here.pull(at, digest))!.equals(bytes)).toBe(true);
    expect(await here.index.usageBytes(at.registryId)).toBe(bytes.length);
    expect(await here.index.mountBlob(at, digest, 'nowhere', null)).toBe(false);
    expect(await here.index.mountBlob(repository(), digest, 'base', null)).toBe(false);
    expect(await here.index.mountBlob(at, digestOf(small()), 'base', null)).toBe(false);
    expect(await here.index.deleteBlob({ ...at, repository: 'base' }, digest)).toBe(true);
    expect(await there.index.blob({ ...at, repository: 'base' }, digest)).toBeNull();
    expect((await here.pull(at, digest))!.equals(bytes)).toBe(true);
  });
});

describe('a mount whose source is unlinked meanwhile', () => {
  it('is not made, and leaves no repository behind', async () => {
    const at = repository('target');
    const from = { ...at, repository: 'base' };
    const digest = await here.push(from, large());
    const racing: Pick<PipelinedPool, 'query' | 'tx'> = {
      query: (statement, values) => here.pool.query(statement, values),
      tx: async (work) => {
        await here.index.deleteBlob(from, digest);
        return here.pool.tx(work);
      },
    };
    const index = new ContentIndex({ pool: racing as PipelinedPool, region: 'eastus' });
    expect(await index.mountBlob(at, digest, 'base', null)).toBe(false);
    expect(await db.dataSource.query('SELECT name FROM content.repositories WHERE registry_id = $1', [at.registryId])).toEqual([]);
  });
});

describe('deleting a tag', () => {
  it('waits for the pushes to its repository that are under way', async () => {
    const at = repository();
    await here.pushImage(at, 'v1', [small()]);
    const steps: string[] = [];
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const pushing = here.pool.tx(async (queries) => {
      await queries.query({ name: 'hold', text: 'SELECT FROM content.repositories WHERE registry_id = $1 FOR KEY SHARE' }, [at.registryId]);
      hold();
      await queries.query({ name: 'wait', text: untilBlocking }, []);
      steps.push('pushed');
    });
    await held;
    const deleting = here.index.deleteTag(at, 'v1').then((was) => steps.push(`deleted ${was}`));
    await Promise.all([pushing, deleting]);
    expect(steps).toEqual(['pushed', 'deleted true']);
  });
});

describe('the storage limit', () => {
  it('refuses what is announced too large, what turns out too large, and tells why', async () => {
    const owner = asOwner(repository());
    const limit = { storageLimit: 500_000 };
    const refusal = { code: 'StorageLimitReached', message: /500000/ };
    await expect(here.uploads.start(owner, { ...limit, declaredSize: 500_001 })).rejects.toMatchObject(refusal);
    const { id } = await here.uploads.start(owner, limit);
    const bytes = large(500_001);
    await here.uploads.append(owner, id, body(bytes));
    await expect(here.uploads.commit(owner, id, digestOf(bytes), limit)).rejects.toMatchObject(refusal);
    await expect(here.uploads.status(owner, id)).rejects.toMatchObject({ code: 'BlobUploadUnknown' });
    expect(await here.bucket.partSize(id)).toBeNull();
    expect(await here.index.blob(owner, digestOf(bytes))).toBeNull();
    expect(await here.index.usageBytes(owner.registryId)).toBe(0);
    await here.collector.collectReviewed('eastus');
    expect(await here.bucket.stat(blobKey(digestOf(bytes)))).toBeNull();
  });

  it('takes again what the registry holds already, even when it is full', async () => {
    const at = repository();
    const bytes = small();
    await here.push(at, bytes, 200);
    await expect(here.push(at, small(), 200)).rejects.toMatchObject({ code: 'StorageLimitReached' });
    await here.uploads.put(asOwner({ ...at, repository: 'second' }), digestOf(bytes), body(bytes), { storageLimit: 200 });
    expect(await here.index.mountBlob({ ...at, repository: 'third' }, digestOf(bytes), 'app', 200)).toBe(true);
  });

  it.each([small, () => large(100_000)])('is exact, however many push at once', async (make) => {
    const at = repository();
    const size = make().length;
    const limit = size * 10;
    const pushes = Array.from({ length: 25 }, () => here.uploads.put(asOwner(at), ...once(make()), { storageLimit: limit }));
    const results = await Promise.allSettled(pushes);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
    expect(await here.index.usageBytes(at.registryId)).toBe(limit);
    expect(await recount(db.dataSource, at.registryId)).toBe(limit);
  });
});

function once(bytes: Buffer): [Digest, Body] {
  return [digestOf(bytes), body(bytes)];
}

describe('listings', () => {
  it('walk every name once, in byte order, also names that begin other names', async () => {
    const registryId = randomUUID();
    const parts = ['a', 'ab', 'a-b', 'a.b', 'a_b', 'a/b', 'a/b/c', 'a0', 'b', 'aa', 'a--b', 'z'];
    const names = [...new Set(parts.flatMap((one) => [one, ...parts.slice(0, 5).map((two) => `${one}/${two}`)]))];
    await Promise.all(names.map((name) => here.putManifest(repository(name, registryId), null, emptyIndex())));
    const at = repository('a/b', registryId);
    const tags = ['1', '10', '1.0', '1-0', '1_0', 'a', 'A', 'Z', 'z', 'aa', 'aA', '_', 'v1', 'v1.0', 'v10'];
    await Promise.all(tags.map((name) => here.putManifest(at, name, emptyIndex())));
    const bytewise = (list: string[]) => list.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const n of [1, 2, 3, 7, 1000]) {
      expect(await walk(n, (page) => here.index.catalog(registryId, page))).toEqual(bytewise(names));
      expect(await walk(n, (page) => here.index.tags(at, page))).toEqual(bytewise(tags));
    }
    expect(await here.index.tags(at, { n: 0, last: '' })).toEqual({ names: [], more: false });
    expect(await here.index.tags(at, { n: 2, last: 'v1' })).toEqual({ names: ['v1.0', 'v10'], more: true });
    expect(await here.index.tags(at, { n: 2, last: 'z' })).toEqual({ names: [], more: false });
    expect((await here.index.catalog(registryId, { n: 5, last: 'zzzz' })).names).toEqual([]);
  });

  it('of several registries come one registry after the other, and begin within the first', async () => {
    const [first, empty, second, unasked] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    for (const [registryId, name] of [
      [second, 'a'],
      [second, 'z'],
      [first, 'b'],
      [first, 'm'],
      [unasked, 'c'],
    ] as const)
      await here.putManifest(repository(name, registryId), null, emptyIndex());
    const ids = [empty, first, empty, second];
    const all = [
      { registryId: first, name: 'b' },
      { registryId: first, name: 'm' },
      { registryId: second, name: 'a' },
      { registryId: second, name: 'z' },
    ];
    for (const n of [1, 2, 3, 4, 1_000])
      expect(await here.index.catalogOf(ids, { n, last: '' })).toEqual({ repositories: all.slice(0, n), more: n < 4 });
    expect(await here.index.catalogOf(ids.slice(1), { n: 9, last: 'b' })).toEqual({ repositories: all.slice(1), more: false });
    expect(await here.index.catalogOf(ids.slice(1), { n: 9, last: 'y' })).toEqual({ repositories: all.slice(2), more: false });
    expect(await here.index.catalogOf([], { n: 9, last: '' })).toEqual({ repositories: [], more: false });
    expect(await here.index.catalogOf(ids, { n: 0, last: '' })).toEqual({ repositories: [], more: false });
  });
});

async function walk(
  n: number,
  list: (page: { n: number; last: string }) => Promise<{ names: string[]; more: boolean }>,
): Promise<string[]> {
  const walked: string[] = [];
  for (;;) {
    const { names, more } = await list({ n, last: walked.at(-1) ?? '' });
    walked.push(...names);
    if (!more) return walked;
  }
}

describe('at the same time', () => {
  it('PUTs of one tag end in one of them, each of them whole, and the last to be answered is what the tag says', async () => {
    const at = repository();
    const contents = Array.from({ length: 12 }, (_, turn) => ({ ...emptyIndex(), annotations: { turn: String(turn) } }));
    for (let round = 0; round < 5; round++) {
      const digests = await Promise.all(contents.map((content, turn) => [here, there][turn % 2]!.putManifest(at, 'latest', content)));
      const now = (await here.index.manifest(at, tag('latest')))!;
      expect(digests).toContain(now.digest);
      expect(digestOf(now.bytes)).toBe(now.digest);
      await here.putManifest(at, 'latest', contents[round]!);
      expect((await there.index.manifest(at, tag('latest')))!.digest).toBe(digests[round]);
    }
    expect(await here.index.usageBytes(at.registryId)).toBe(await recount(db.dataSource, at.registryId));
  });

  it('PUTs and deletes of one tag never leave a tag without its manifest', async () => {
    const at = repository();
    const contents = Array.from({ length: 4 }, (_, turn) => ({ ...emptyIndex(), annotations: { turn: String(turn) } }));
    const digests = contents.map((content) => digestOf(Buffer.from(JSON.stringify(content))));
    await Promise.all(
      Array.from({ length: 80 }, async (_, turn) => {
        const process = [here, there][turn % 2]!;
        if (turn % 3 === 0) await process.index.deleteManifest(at, digests[turn % 4]!);
        else await process.putManifest(at, 'latest', contents[turn % 4]!);
      }),
    );
    const [{ dangling }] = (await db.dataSource.query(
      `SELECT count(*)::int AS dangling FROM content.tags t LEFT JOIN content.manifests m USING (repository_id, digest) WHERE m.digest IS NULL`,
    )) as [{ dangling: number }];
    expect(dangling).toBe(0);
    expect(await here.index.usageBytes(at.registryId)).toBe(await recount(db.dataSource, at.registryId));
    const listed = (await here.index.catalog(at.registryId, all)).names.length === 1;
    const [{ held }] = (await db.dataSource.query(
      `SELECT count(*)::int AS held FROM content.manifests m JOIN content.repositories r ON r.id = m.repository_id WHERE registry_id = $1`,
      [at.registryId],
    )) as [{ held: number }];
    expect(listed).toBe(held > 0);
  });

  it('pushes, mounts, deletes and collections of shared blobs leave the usage exact', async () => {
    const registryId = randomUUID();
    const repositories = ['a', 'b', 'c', 'd'].map((name) => repository(name, registryId));
    const blobs = [small(), small(), large(70_000), large(80_000)];
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    const actions = Array.from({ length: 240 }, () => ({
      what: random(6),
      at: repositories[random(4)]!,
      from: repositories[random(4)]!,
      blob: blobs[random(4)]!,
    }));
    const act = async ({ what, at, from, blob }: (typeof actions)[number], turn: number) => {
      const process = [here, there][turn % 2]!;
      const digest = digestOf(blob);
      if (what <= 1) await process.push(at, blob);
      else if (what === 2) await process.index.mountBlob(at, digest, from.repository, null);
      else if (what === 3) await process.index.deleteBlob(at, digest);
      else if (what === 4)
        await process.pushImage(at, 'latest', [blob]).then((image) => process.index.deleteManifest(at, image), ignoreLostBlob);
      else await process.collector.collectReviewed(process.region);
    };
    for (let begin = 0; begin < actions.length; begin += 24) await Promise.all(actions.slice(begin, begin + 24).map(act));
    expect(await here.index.usageBytes(registryId)).toBe(await recount(db.dataSource, registryId));

    // Whatever is still linked can be pulled, whole.
    for (const at of repositories) {
      for (const blob of blobs) {
        const pulled = await here.pull(at, digestOf(blob));
        if (pulled) expect(pulled.equals(blob)).toBe(true);
      }
    }
    // And a registry that is deleted leaves neither rows nor bytes.
    await here.index.deleteAllOfRegistry(registryId);
    expect(await here.index.usageBytes(registryId)).toBe(0);
    for (const process of [here, there]) await process.collector.collectReviewed(process.region);
    for (const blob of blobs) {
      for (const process of [here, there]) expect(await process.bucket.stat(blobKey(digestOf(blob)))).toBeNull();
    }
  });
});

/** A delete or a collection came between the push of the blob and that of its manifest: the manifest was rightly refused. */
function ignoreLostBlob(error: { code?: string }): void {
  if (error.code !== 'ManifestBlobUnknown') throw error;
}

describe('deleting a registry', () => {
  it('can be stopped and goes on, and leaves the neighbours alone', async () => {
    const [registryId, neighbour] = [randomUUID(), randomUUID()];
    const shared = large();
    for (const name of ['a', 'b', 'c']) await here.pushImage(repository(name, registryId), 'v1', [shared, small()]);
    await here.pushImage(repository('a', neighbour), 'v1', [shared]);
    await here.uploads.start(asOwner(repository('a', registryId)), { storageLimit: null });
    await expect(here.index.deleteAllOfRegistry(registryId, AbortSignal.abort())).rejects.toThrow();
    await here.index.deleteAllOfRegistry(registryId);
    await here.index.deleteAllOfRegistry(registryId);
    for (const table of ['repositories', 'registry_blobs', 'usage_shards', 'upload_sessions']) {
      expect(await db.dataSource.query(`SELECT 1 FROM content.${table} WHERE registry_id = $1`, [registryId])).toEqual([]);
    }
    await here.collector.collectReviewed('eastus');
    expect((await here.pull(repository('a', neighbour), digestOf(shared)))!.equals(shared)).toBe(true);
  });
});

describe('the schema', () => {
  it('is what the entities say', async () => {
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map((query) => query.query).filter((query) => query.includes('"content"'))).toEqual([]);
  });
});
