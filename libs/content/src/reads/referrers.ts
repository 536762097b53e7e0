import { type Digest, manifestMaxBytes } from '#lib/oci';
import type { PipelinedPool } from '#lib/platform';
import type { Referrer, ReferrerPage, RepositoryKey } from '../types.js';

/** Rows of one statement: with the annotations that the index keeps, at most a few megabytes. */
const batch = 128;

/** What a page takes as JSON: as much as the largest manifest, and no more (OCI 1.1, "Listing referrers": the rest follows by Link). */
const pageBytes = manifestMaxBytes - 1024;

// The index manifests_subject has them in the order of the pages: by digest, in raw byte order. Lengths are read without the bytes.
// Rows that a process of an older version wrote with larger annotations are listed without them.
const referrers = {
  name: 'content-referrers',
  text: `SELECT m.digest, m.media_type, octet_length(m.bytes) AS size,
                CASE WHEN octet_length(m.annotations::text) <= 131072 THEN m.annotations::text ELSE '{}' END AS annotations,
                coalesce(nullif(m.artifact_type, ''), m.config_media_type) AS artifact_type
         FROM content.repositories r JOIN content.manifests m ON m.repository_id = r.id
         WHERE r.registry_id = $1 AND r.name = $2 AND m.subject = $3 AND m.digest > $4
           AND ($5::text IS NULL OR coalesce(nullif(m.artifact_type, ''), m.config_media_type) = $5)
         ORDER BY m.digest LIMIT $6`,
};

interface ReferrerRow {
  digest: string;
  media_type: string;
  size: number;
  annotations: string;
  artifact_type: string | null;
}

/**
 * The manifests whose subject is `digest`, behind `last`: at most `n`, and no more than a page holds. None where there is no such
 * repository.
 */
export async function listReferrers(
  pool: PipelinedPool,
  { registryId, repository }: RepositoryKey,
  digest: Digest,
  { n, last, artifactType }: { n: number; last: string; artifactType: string | null },
): Promise<ReferrerPage> {
  const page: Referrer[] = [];
  let room = pageBytes;
  // Postgres takes no NUL in a text, and no artifact type has one.
  if (n === 0 || artifactType?.includes('\u0000')) return { referrers: page, more: false };
  for (;;) {
    const limit = Math.min(batch, n + 1 - page.length);
    const values = [registryId, repository, digest, page.at(-1)?.digest ?? last, artifactType, limit];
    const rows = await pool.queryApart<ReferrerRow>(referrers, values);
    for (const referrer of rows.map(view)) {
      room -= bytesOf(referrer);
      if (page.length === n || room < 0) return { referrers: page, more: true };
      page.push(referrer);
    }
    if (rows.length < limit) return { referrers: page, more: false };
  }
}

/** Bytes of a descriptor in the answer: what is of any length, and room for the rest. */
function bytesOf({ annotations, artifactType }: Referrer): number {
  return Buffer.byteLength(annotations) + Buffer.byteLength(JSON.stringify(artifactType)) + 512;
}

function view({ digest, media_type: mediaType, size, annotations, artifact_type: artifactType }: ReferrerRow): Referrer {
  return { digest: digest as Digest, mediaType, size, artifactType, annotations };
}
