import type { Digest } from '#lib/oci';
import type { Queries } from '#lib/platform';
import { restartGrace, dueAfter, postponed, type ReviewTerms } from './reviews.js';
import { holdRoom, randomShard, requireRoomAfter } from './storage-room.js';

/**
 * The statement that links and counts, as the end of a `WITH` list. Before it stands `link_at (repository_id, digest, size)`; it needs the
 * registry as `$1`, a shard as `$2` and the grace of reviews in seconds as `$3`. A client that pushes a blob again means to use it: the
 * grace of a review under way begins again.
 */
export const linkAndCount = `
  linked AS (
    INSERT INTO content.repository_blobs (repository_id, digest) SELECT repository_id, digest FROM link_at
    ON CONFLICT DO NOTHING RETURNING digest
  ), held AS (
    INSERT INTO content.registry_blobs (registry_id, digest, size, links)
    SELECT $1::uuid, digest, l.size, 1 FROM linked JOIN link_at l USING (digest)
    ON CONFLICT (registry_id, digest) DO UPDATE SET links = registry_blobs.links + 1 RETURNING links, size
  ), counted AS (
    INSERT INTO content.usage_shards (registry_id, shard, bytes) SELECT $1::uuid, $2::smallint, size FROM held WHERE links = 1
    ON CONFLICT (registry_id, shard) DO UPDATE SET bytes = usage_shards.bytes + EXCLUDED.bytes RETURNING 1
  ), postponed AS (
    UPDATE content.link_reviews r SET enqueued_at = now(), due_at = ${postponed('r', dueAfter('$3'))} FROM link_at l WHERE r.repository_id = l.repository_id AND r.digest = l.digest
  ) SELECT EXISTS (SELECT FROM linked) AS linked, EXISTS (SELECT FROM counted) AS grew`;

const linkOne = {
  name: 'content-link',
  text: `WITH link_at (repository_id, digest, size) AS (VALUES ($4::bigint, $5::text, $6::bigint)), ${linkAndCount}`,
};

export interface Link {
  registryId: string;
  repositoryId: string;
  digest: Digest;
  size: number;
  /** Of what the registry holds; the one of the upload that ends with it, if it brought bytes before. */
  shard?: number;
  storageLimit: number | null;
  graceSeconds: number;
}

/** Links a blob whose row this transaction holds, counts it, and refuses it if the registry has no room. */
export async function linkBlob(queries: Queries, link: Link): Promise<void> {
  const { registryId, repositoryId, digest, size, shard = randomShard(), storageLimit, graceSeconds } = link;
  const [room, [row]] = await Promise.all([
    holdRoom(queries, registryId, size, storageLimit),
    queries.query<{ grew: boolean }>(linkOne, [registryId, shard, graceSeconds, repositoryId, digest, size]),
  ]);
  await requireRoomAfter(queries, registryId, storageLimit, room, row?.grew ?? false);
}

const unlink = {
  name: 'content-unlink',
  text: `WITH gone AS (
           DELETE FROM content.repository_blobs WHERE repository_id = $1 AND digest = $2 RETURNING digest
         ), left_over AS (
           UPDATE content.registry_blobs b SET links = b.links - 1 FROM gone
           WHERE b.registry_id = $3::uuid AND b.digest = gone.digest RETURNING b.links, b.size
         ), counted AS (
           INSERT INTO content.usage_shards (registry_id, shard, bytes) SELECT $3::uuid, $4::smallint, -size FROM left_over WHERE links = 0
           ON CONFLICT (registry_id, shard) DO UPDATE SET bytes = usage_shards.bytes + EXCLUDED.bytes
         ), review AS (
           INSERT INTO content.blob_reviews (digest, region, due_at, reason)
           SELECT held.*, ${dueAfter('$6')}, 'unlinked' FROM (
             SELECT p.digest, p.region FROM content.blob_placements p JOIN gone USING (digest) UNION SELECT digest, $5::text FROM gone
           ) AS held ${restartGrace('blob_reviews')}
         ) SELECT count(*)::int AS links FROM gone`,
};
const forget = {
  name: 'content-registry-blob-drop',
  text: 'DELETE FROM content.registry_blobs WHERE registry_id = $1 AND digest = $2 AND links = 0',
};

/** Removes a link of a repository this transaction owns, counts it off, and asks for a review of the bytes. False: there was no link. */
export async function unlinkBlob(
  queries: Queries,
  { registryId, repositoryId, digest }: Pick<Link, 'registryId' | 'repositoryId' | 'digest'>,
  { region, graceSeconds }: ReviewTerms,
): Promise<boolean> {
  const [[row]] = await Promise.all([
    queries.query<{ links: number }>(unlink, [repositoryId, digest, registryId, randomShard(), region, graceSeconds]),
    queries.query(forget, [registryId, digest]),
  ]);
  return (row?.links ?? 0) > 0;
}
