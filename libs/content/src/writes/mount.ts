import type { Digest } from '#lib/oci';
import type { PipelinedPool } from '#lib/platform';
import type { RepositoryKey } from '../types.js';
import { linkBlob, unlinkBlob } from './links.js';
import { ownRepository, shareRepository, tidyRepository } from './repositories.js';
import { again } from './retry.js';
import type { ReviewTerms } from './reviews.js';

/** The link that gives the right to mount is held until the new one is there: the blob has a link at every moment. */
const source = {
  name: 'content-mount-source',
  text: `SELECT b.size FROM content.repositories r
         JOIN content.repository_blobs l ON l.repository_id = r.id JOIN content.blobs b ON b.digest = l.digest
         WHERE r.registry_id = $1 AND r.name = $2 AND l.digest = $3 FOR KEY SHARE OF l, b`,
};
const known = {
  name: 'content-mount-known',
  text: `SELECT true AS held FROM content.repositories r JOIN content.repository_blobs b ON b.repository_id = r.id
         WHERE r.registry_id = $1 AND r.name = $2 AND b.digest = $3`,
};

/** Links what another repository of the same registry links. False: it does not, and nothing happened. */
export async function mountBlob(
  pool: PipelinedPool,
  at: RepositoryKey,
  digest: Digest,
  from: string,
  { storageLimit, graceSeconds }: { storageLimit: number | null; graceSeconds: number },
): Promise<boolean> {
  const { registryId } = at;
  // Asked first without a transaction: a mount that fails must not leave an empty repository behind.
  if ((await pool.query(known, [registryId, from, digest])).length === 0) return false;
  const mounted = again(() =>
    pool.tx(async (queries) => {
      const repositoryId = await shareRepository(queries, at);
      const [row] = await queries.query<{ size: string }>(source, [registryId, from, digest]);
      if (!row) throw new SourceGone();
      await linkBlob(queries, { registryId, repositoryId, digest, size: Number(row.size), storageLimit, graceSeconds });
      return true;
    }),
  );
  return mounted.catch((error: unknown) => {
    if (error instanceof SourceGone) return false;
    throw error;
  });
}

/** The source was unlinked since it was asked for. Rolls back: the transaction may have made the target repository. */
class SourceGone extends Error {}

/** Takes a blob out of a repository; its bytes are reviewed later. False: it was not linked. */
export function removeBlob(pool: PipelinedPool, at: RepositoryKey, digest: Digest, terms: ReviewTerms): Promise<boolean> {
  return again(() =>
    pool.tx(async (queries) => {
      const repositoryId = await ownRepository(queries, at);
      if (repositoryId === null) return false;
      const removed = await unlinkBlob(queries, { registryId: at.registryId, repositoryId, digest }, terms);
      if (removed) await tidyRepository(queries, repositoryId);
      return removed;
    }),
  );
}
