import type { Digest } from '#lib/oci';
import type { PipelinedPool } from '#lib/platform';
import type { RepositoryKey } from '../types.js';
import { ownRepository, tidyRepository } from './repositories.js';
import { again } from './retry.js';
import { restartGrace, dueAfter } from './reviews.js';
import { randomShard } from './storage-room.js';

/** The manifest and all that say, directly or through others, that it is their subject. */
const family = {
  name: 'content-manifest-family',
  text: `WITH RECURSIVE family (digest) AS (
           SELECT digest FROM content.manifests WHERE repository_id = $1 AND digest = $2
           UNION
           SELECT m.digest FROM content.manifests m JOIN family f ON m.subject = f.digest WHERE m.repository_id = $1
         ) SELECT digest FROM family`,
};
const untag = { name: 'content-manifest-untag', text: 'DELETE FROM content.tags WHERE repository_id = $1 AND digest = ANY ($2::text[])' };
const review = {
  name: 'content-manifest-review',
  text: `WITH needs AS (
           DELETE FROM content.manifest_references WHERE repository_id = $1 AND manifest_digest = ANY ($2::text[]) RETURNING digest, kind
         ) INSERT INTO content.link_reviews (repository_id, digest, due_at, reason)
           SELECT DISTINCT $1::bigint, digest, ${dueAfter('$3')}, 'manifest-deleted' FROM needs WHERE kind = 'blob'
         ${restartGrace('link_reviews')}`,
};
const remove = {
  name: 'content-manifest-remove',
  text: `WITH gone AS (
           DELETE FROM content.manifests WHERE repository_id = $1 AND digest = ANY ($2::text[]) RETURNING digest
         ), left_over AS (
           UPDATE content.registry_blobs b SET links = b.links - 1 FROM gone
           WHERE b.registry_id = $3::uuid AND b.digest = gone.digest RETURNING b.links, b.size
         ) INSERT INTO content.usage_shards (registry_id, shard, bytes)
           SELECT $3::uuid, $4::smallint, -sum(size) FROM left_over WHERE links = 0 HAVING count(*) > 0
           ON CONFLICT (registry_id, shard) DO UPDATE SET bytes = usage_shards.bytes + EXCLUDED.bytes`,
};
const forget = {
  name: 'content-registry-blobs-drop',
  text: 'DELETE FROM content.registry_blobs WHERE registry_id = $1 AND digest = ANY ($2::text[]) AND links = 0',
};

/**
 * Deletes a manifest with its tags and with the manifests that refer to it by `subject`, in one transaction. Blobs that only
 * they needed are reviewed later. False: there was no such manifest.
 */
export function removeManifest(pool: PipelinedPool, at: RepositoryKey, digest: Digest, graceSeconds: number): Promise<boolean> {
  return again(() =>
    pool.tx(async (queries) => {
      const repositoryId = await ownRepository(queries, at);
      if (repositoryId === null) return false;
      const rows = await queries.query<{ digest: string }>(family, [repositoryId, digest]);
      if (rows.length === 0) return false;
      const digests = rows.map((row) => row.digest).sort();
      await Promise.all([
        queries.query(untag, [repositoryId, digests]),
        queries.query(review, [repositoryId, digests, graceSeconds]),
        queries.query(remove, [repositoryId, digests, at.registryId, randomShard()]),
        queries.query(forget, [at.registryId, digests]),
        tidyRepository(queries, repositoryId),
      ]);
      return true;
    }),
  );
}

const removeOne = {
  name: 'content-tag-remove',
  text: 'DELETE FROM content.tags WHERE repository_id = $1 AND name = $2 RETURNING name',
};

/** Removes a tag and nothing else. False: there was none. */
export function removeTag(pool: PipelinedPool, at: RepositoryKey, tag: string): Promise<boolean> {
  return again(() =>
    pool.tx(async (queries) => {
      const repositoryId = await ownRepository(queries, at);
      return repositoryId !== null && (await queries.query(removeOne, [repositoryId, tag])).length > 0;
    }),
  );
}
