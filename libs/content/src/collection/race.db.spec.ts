import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobKey } from '#lib/platform';
import { type Digest, digestOf, ociImageManifest } from '#lib/oci';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { ContentProcess, recount, regionalBuckets } from '../content.suite.js';
import { Collector } from './collector.js';

/** Eight each unless told otherwise: `REGATTA_DRILL_PUSHES=300 npx vitest run libs/content/src/collection/race.db.spec.ts`. */
const pushes = Number(process.env['REGATTA_DRILL_PUSHES'] ?? 8);
const clients = 16;
/** Never over by itself: the drill ends it for a review that every turn under way could see from its beginning on. */
const graceSeconds = 3_600;

describe(`${clients} clients that push, mount, delete and give up ${pushes} times each while the collector runs`, () => {
  let db: TestDatabase;
  let drop: () => Promise<void>;
  let processes: [ContentProcess, ContentProcess];
  let collector: Collector;

  beforeAll(async () => {
    db = await testDatabase();
    const made = await regionalBuckets();
    drop = made.drop;
    processes = [0, 1].map(() => new ContentProcess(db.url, made.buckets, 'eastus', { graceSeconds })) as [ContentProcess, ContentProcess];
    collector = new Collector({ pool: processes[0].pool, buckets: made.buckets, graceSeconds, unnamedSeconds: 1 });
  });
  afterAll(async () => {
    for (const process of processes ?? []) await process.close();
    await drop?.();
    await db?.drop();
  });

  it(
    'see no manifest refused whose blobs they were told of, none that is incomplete, and leave nothing behind',
    { timeout: 60_000 + pushes * 1000 },
    async () => {
      const registryId = randomUUID();
      const repositories = ['a', 'b', 'c', 'd'].map((repository) => ({ registryId, repository }));
      const blobs = Array.from({ length: 60 }, (_, n) => randomBytes(n % 3 === 0 ? 80_000 : 300));
      const bytesOf = new Map(blobs.map((bytes) => [digestOf(bytes), bytes]));
      const done = {
        told: 0,
        uploaded: 0,
        mounted: 0,
        pushed: 0,
        refused: [] as string[],
        incomplete: 0,
        deleted: 0,
        givenUp: 0,
        rounds: 0,
        links: 0,
        freed: 0,
      };
      const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
      let ended = 0;
      const underWay = new Set<object>();
      const query = <T>(sql: string, values?: unknown[]) => db.dataSource.query(sql, values) as Promise<T[]>;

      const provide = async (process: ContentProcess, at: (typeof repositories)[number], digest: Digest): Promise<string> => {
        if (await process.index.blobForPush(at, digest)) return (done.told++, 'told');
        if (Math.random() < 0.5 && (await process.index.mountBlob(at, digest, pick(repositories).repository, null)))
          return (done.mounted++, 'mounted');
        await process.push(at, bytesOf.get(digest)!);
        return (done.uploaded++, 'uploaded');
      };
      const client = async (number: number): Promise<void> => {
        const process = processes[number % 2]!;
        let mine = {};
        for (let turn = 0; turn < pushes; turn++) {
          const at = pick(repositories);
          const layers = [...new Set([pick(blobs), pick(blobs), pick(blobs)])].map((bytes) => digestOf(bytes));
          const ways: string[] = [];
          underWay.delete(mine);
          underWay.add((mine = {}));
          for (const digest of layers) ways.push(await provide(process, at, digest));
          await sleep(Math.random() * 300);
          if (Math.random() < 0.2) {
            done.givenUp++;
            continue;
          }
          const descriptor = (digest: Digest) => ({ mediaType: 'application/octet-stream', digest, size: bytesOf.get(digest)!.length });
          const content = { schemaVersion: 2, mediaType: ociImageManifest, config: descriptor(layers[0]!), layers: layers.map(descriptor) };
          const more = { annotations: { n: randomUUID() } };
          const pushed = await process.putManifest(at, `t${number}`, { ...content, ...more }).catch((error: { code?: string }) => {
            if (error.code !== 'ManifestBlobUnknown') throw error;
            return null;
          });
          if (!pushed) {
            done.refused.push(ways.join(' '));
            continue;
          }
          done.pushed++;
          for (const digest of layers) if (!(await process.pull(at, digest))?.equals(bytesOf.get(digest)!)) done.incomplete++;
          if (Math.random() < 0.8 && (await process.index.deleteManifest(at, pushed))) done.deleted++;
        }
        underWay.delete(mine);
      };
      const collect = async (until: () => boolean): Promise<void> => {
        // The time of a review says when its transaction began, not when others could see it.
        let seen: { reviews: string[]; turns: object[] }[] = [];
        while (!until()) {
          seen.push({ reviews: (await query<{ review: string }>(reviews)).map(({ review }) => review), turns: [...underWay] });
          const over = seen.filter(({ turns }) => !turns.some((turn) => underWay.has(turn)));
          seen = seen.filter((one) => !over.includes(one));
          await query(endGrace, [over.flatMap((one) => one.reviews)]);
          await query('UPDATE content.blob_reviews SET due_at = now()');
          const { links, blobs: freed } = await collector.collectReviewed('eastus');
          done.rounds++;
          done.links += links;
          done.freed += freed;
          await sleep(20);
        }
      };
      await Promise.all([
        ...Array.from({ length: clients }, (_, number) => client(number).finally(() => ended++)),
        collect(() => ended === clients),
      ]);
      if (process.env['REGATTA_DRILL_PUSHES']) process.stderr.write(`${JSON.stringify(done)}\n`);
      expect(done.refused).toEqual([]);
      expect(done.incomplete).toBe(0);
      expect(await processes[0].index.usageBytes(registryId)).toBe(await recount(db.dataSource, registryId));

      for (const at of repositories) {
        const manifests = await query<{ digest: Digest }>(
          `SELECT m.digest FROM content.manifests m JOIN content.repositories r ON r.id = m.repository_id WHERE r.name = '${at.repository}'`,
        );
        for (const { digest } of manifests) await processes[0].index.deleteManifest(at, digest);
      }
      // What is left is due a grace period later, and its bytes one more after that.
      let left = [{ n: 1 }];
      await collect(() => left[0]!.n === 0 || (void query<{ n: number }>(count).then((rows) => (left = rows)), false));
      expect(await processes[0].index.usageBytes(registryId)).toBe(0);
      for (const digest of bytesOf.keys()) expect(await processes[0].bucket.stat(blobKey(digest))).toBeNull();
    },
  );
});

const count = `SELECT ((SELECT count(*) FROM content.repositories) + (SELECT count(*) FROM content.blobs) + (SELECT count(*) FROM content.link_reviews)
               + (SELECT count(*) FROM content.blob_reviews))::int AS n`;
const review = `concat_ws('/', repository_id, digest, enqueued_at)`;
const reviews = `SELECT ${review} AS review FROM content.link_reviews`;
const endGrace = `UPDATE content.link_reviews SET due_at = now() WHERE ${review} = ANY ($1)`;
