import { Fault } from '#lib/domain';
import type { Descriptor } from '#lib/oci';
import type { PipelinedPool, Queries } from '#lib/platform';
import type { PutManifest } from '../types.js';
import { shareRepository } from './repositories.js';
import { again } from './retry.js';
import { holdRoom, randomShard, requireRoomAfter } from './storage-room.js';

const missing = {
  name: 'content-manifest-missing',
  text: `SELECT digest, 'blob' AS kind FROM unnest($2::text[]) AS digest
         WHERE NOT EXISTS (SELECT FROM content.repository_blobs b WHERE b.repository_id = $1 AND b.digest = digest.digest)
         UNION ALL
         SELECT digest, 'manifest' FROM unnest($3::text[]) AS digest
         WHERE NOT EXISTS (SELECT FROM content.manifests m WHERE m.repository_id = $1 AND m.digest = digest.digest)`,
};
const insert = {
  name: 'content-manifest-insert',
  text: `WITH added AS (
           INSERT INTO content.manifests
             (repository_id, digest, media_type, artifact_type, config_media_type, subject, annotations, bytes)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING digest
         ), needs AS (
           INSERT INTO content.manifest_references (repository_id, manifest_digest, digest, kind)
           SELECT DISTINCT ON (r.digest) $1::bigint, $2::text, r.digest, r.kind
           FROM added, unnest($9::text[], $10::text[]) AS r (digest, kind) ORDER BY r.digest, r.kind
         ), held AS (
           INSERT INTO content.registry_blobs (registry_id, digest, size, links) SELECT $11::uuid, digest, octet_length($8::bytea), 1 FROM added
           ON CONFLICT (registry_id, digest) DO UPDATE SET links = registry_blobs.links + 1 RETURNING links, size
         ), counted AS (
           INSERT INTO content.usage_shards (registry_id, shard, bytes) SELECT $11::uuid, $12::smallint, size FROM held WHERE links = 1
           ON CONFLICT (registry_id, shard) DO UPDATE SET bytes = usage_shards.bytes + EXCLUDED.bytes RETURNING 1
         ) SELECT EXISTS (SELECT FROM added) AS created, EXISTS (SELECT FROM counted) AS grew`,
};
const tag = {
  name: 'content-tag-set',
  text: `INSERT INTO content.tags (repository_id, name, digest) SELECT $1::bigint, name, $2::text FROM unnest($3::text[]) AS name
         ON CONFLICT (repository_id, name) DO UPDATE SET digest = EXCLUDED.digest, updated_at = now()`,
};
const list = {
  name: 'content-repository-list',
  text: 'UPDATE content.repositories SET listed = true WHERE id = $1 AND NOT listed',
};

/** Verifies, stores and tags a manifest in one transaction. Of several PUTs of one tag, the last to commit is what the tag says. */
export function putManifest(pool: PipelinedPool, put: PutManifest): Promise<{ created: boolean }> {
  return again(() =>
    pool.tx(async (queries) => {
      const repositoryId = await shareRepository(queries, put);
      await requireContent(queries, repositoryId, put);
      const [room, [row]] = await Promise.all([
        holdRoom(queries, put.registryId, put.bytes.length, put.storageLimit),
        queries.query<{ created: boolean; grew: boolean }>(insert, insertValues(repositoryId, put)),
        queries.query(list, [repositoryId]),
        // In one order everywhere, so that two PUTs of the same tags cannot wait for each other.
        put.tags.length > 0 ? queries.query(tag, [repositoryId, put.digest, [...new Set(put.tags)].sort()]) : null,
      ]);
      await requireRoomAfter(queries, put.registryId, put.storageLimit, room, row!.grew);
      return { created: row!.created };
    }),
  );
}

function insertValues(repositoryId: string, { digest, bytes, manifest, registryId }: PutManifest): unknown[] {
  const needs = [
    ...[...manifest.blobs, ...manifest.foreign].map((blob) => [blob.digest, 'blob'] as const),
    ...manifest.manifests.map((child) => [child.digest, 'manifest'] as const),
  ];
  return [
    repositoryId,
    digest,
    manifest.mediaType,
    manifest.artifactType,
    manifest.configMediaType,
    manifest.subject?.digest ?? null,
    JSON.stringify(manifest.annotations).replaceAll('\\u0000', ''), // jsonb holds no NUL; the bytes keep it.
    bytes,
    needs.map(([needed]) => needed),
    needs.map(([, kind]) => kind),
    registryId,
    randomShard(),
  ];
}

async function requireContent(queries: Queries, repositoryId: string, { manifest, repository }: PutManifest): Promise<void> {
  const digests = (list: readonly Descriptor[]) => [...new Set(list.map((one) => one.digest))];
  if (manifest.blobs.length + manifest.manifests.length === 0) return;
  const absent = await queries.query<{ digest: string; kind: 'blob' | 'manifest' }>(missing, [
    repositoryId,
    digests(manifest.blobs),
    digests(manifest.manifests),
  ]);
  const [first] = absent;
  if (!first) return;
  throw new Fault('ManifestBlobUnknown', `The manifest names the ${first.kind} ${first.digest}, which is not in ${repository}.`, {
    detail: absent.slice(0, 100),
  });
}
