import { Fault } from '#lib/domain';
import type { PipelinedPool, Queries } from '#lib/platform';
import type { PutManifest } from '../types.js';
import { indexedAnnotations } from './indexed-annotations.js';
import { shareRepository } from './repositories.js';
import { again } from './retry.js';
import { holdRoom, randomShard, requireRoomAfter } from './storage-room.js';

/** What the manifest names and is not here, or has another size than it says. */
const mistaken = {
  name: 'content-manifest-mistaken',
  text: `SELECT said.digest, 'blob' AS kind, said.size AS said, b.size AS size FROM unnest($2::text[], $3::bigint[]) AS said (digest, size)
         LEFT JOIN content.repository_blobs l ON l.repository_id = $1 AND l.digest = said.digest LEFT JOIN content.blobs b ON b.digest = l.digest
         WHERE b.size IS DISTINCT FROM said.size
         UNION ALL
         SELECT said.digest, 'manifest', said.size, octet_length(m.bytes) FROM unnest($4::text[], $5::bigint[]) AS said (digest, size)
         LEFT JOIN content.manifests m ON m.repository_id = $1 AND m.digest = said.digest
         WHERE octet_length(m.bytes) IS DISTINCT FROM said.size`,
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
    indexedAnnotations(manifest.annotations),
    bytes,
    needs.map(([needed]) => needed),
    needs.map(([, kind]) => kind),
    registryId,
    randomShard(),
  ];
}

async function requireContent(queries: Queries, repositoryId: string, { manifest, repository }: PutManifest): Promise<void> {
  const { blobs, manifests } = manifest;
  if (blobs.length + manifests.length === 0) return;
  const values = [blobs, manifests].flatMap((list) => [list.map(({ digest }) => digest), list.map(({ size }) => size)]);
  const mistakes = await queries.query<Mistake>(mistaken, [repositoryId, ...values]);
  const absent = mistakes.filter(({ size }) => size === null);
  if (absent.length > 0) {
    const [{ digest, kind }] = absent as [Mistake];
    const detail = [...new Map(absent.map((one) => [one.digest, { digest: one.digest, kind: one.kind }])).values()].slice(0, 100);
    throw new Fault('ManifestBlobUnknown', `The manifest names the ${kind} ${digest}, which is not in ${repository}.`, { detail });
  }
  const [wrong] = mistakes;
  if (!wrong) return;
  const { digest, kind, size, said } = wrong;
  throw new Fault('ManifestInvalid', `The ${kind} ${digest} has ${size} bytes, but its descriptor says size ${said}.`, {
    detail: { digest, size: Number(size), descriptorSize: Number(said) },
  });
}

interface Mistake {
  digest: string;
  kind: 'blob' | 'manifest';
  /** Bytes, as the descriptor says. */
  said: string;
  /** Bytes that are here; null where nothing is. */
  size: string | null;
}
