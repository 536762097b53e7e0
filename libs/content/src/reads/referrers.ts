import type { Digest } from '#lib/oci';
import type { PipelinedPool } from '#lib/platform';
import type { Referrer, ReferrerPage, RepositoryKey } from '../types.js';

// The index manifests_subject finds them; digests in raw byte order are the pages' keys. Lengths are read without the bytes.
const referrers = {
  name: 'content-referrers',
  text: `SELECT m.digest, m.media_type, octet_length(m.bytes) AS size, m.annotations,
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
  annotations: Record<string, string>;
  artifact_type: string | null;
}

/** The manifests whose subject is `digest`, behind `last`, at most `n`; none where there is no such repository. */
export async function listReferrers(
  pool: PipelinedPool,
  { registryId, repository }: RepositoryKey,
  digest: Digest,
  page: { n: number; last: string; artifactType: string | null },
): Promise<ReferrerPage> {
  const rows = await pool.query<ReferrerRow>(referrers, [registryId, repository, digest, page.last, page.artifactType, page.n + 1]);
  return { referrers: rows.slice(0, page.n).map(view), more: page.n > 0 && rows.length > page.n };
}

function view({ digest, media_type: mediaType, size, annotations, artifact_type: artifactType }: ReferrerRow): Referrer {
  return { digest: digest as Digest, mediaType, size, artifactType, annotations };
}
