import type { Digest } from '#lib/oci';
import type { Queries } from '#lib/platform';
import { holdRoom, randomShard, requireWithinLimit, usageAfter } from './storage-room.js';

const link = {
  name: 'content-link',
  text: `WITH linked AS (
           INSERT INTO content.repository_blobs (repository_id, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING digest
         ), held AS (
           INSERT INTO content.registry_blobs (registry_id, digest, size, links) SELECT $3::uuid, digest, $4::bigint, 1 FROM linked
           ON CONFLICT (registry_id, digest) DO UPDATE SET links = registry_blobs.links + 1 RETURNING links, size
         ), counted AS (
           INSERT INTO content.usage_shards (registry_id, shard, bytes) SELECT $3::uuid, $5::smallint, size FROM held WHERE links = 1
           ON CONFLICT (registry_id, shard) DO UPDATE SET bytes = usage_shards.bytes + EXCLUDED.bytes RETURNING 1
         ) SELECT EXISTS (SELECT FROM counted) AS grew`,
};
/** Whoever pushes a blob again means to use it: a review under way begins its grace period anew. */
const postpone = {
  name: 'content-link-postpone',
  text: 'UPDATE content.link_reviews SET enqueued_at = now() WHERE repository_id = $1 AND digest = $2',
};

export interface Link {
  registryId: string;
  repositoryId: string;
  digest: Digest;
  size: number;
  storageLimit: number | null;
}

/** Links a blob whose row this transaction holds, counts it, and refuses it if the registry has no room. */
export async function linkBlob(queries: Queries, { registryId, repositoryId, digest, size, storageLimit }: Link): Promise<void> {
  const [, [linked], used] = await Promise.all([
    holdRoom(queries, registryId, size, storageLimit),
    queries.query<{ grew: boolean }>(link, [repositoryId, digest, registryId, size, randomShard()]),
    usageAfter(queries, registryId, storageLimit),
    queries.query(postpone, [repositoryId, digest]),
  ]);
  requireWithinLimit(used, storageLimit, linked?.grew ?? false);
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
           INSERT INTO content.blob_reviews (digest, region)
           SELECT p.digest, p.region FROM content.blob_placements p JOIN gone USING (digest) UNION SELECT digest, $5::text FROM gone
           ON CONFLICT (digest, region) DO UPDATE SET enqueued_at = now()
         ) SELECT count(*)::int AS links FROM gone`,
};
const forget = {
  name: 'content-registry-blob-drop',
  text: 'DELETE FROM content.registry_blobs WHERE registry_id = $1 AND digest = $2 AND links = 0',
};

/** Removes a link of a repository this transaction owns, counts it off, and asks for a review of the bytes. False: there was no link. */
export async function unlinkBlob(
  queries: Queries,
  { registryId, repositoryId, digest, region }: Omit<Link, 'size' | 'storageLimit'> & { region: string },
): Promise<boolean> {
  const [[row]] = await Promise.all([
    queries.query<{ links: number }>(unlink, [repositoryId, digest, registryId, randomShard(), region]),
    queries.query(forget, [registryId, digest]),
  ]);
  return (row?.links ?? 0) > 0;
}
