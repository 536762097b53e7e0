import type { PipelinedPool, Queries } from '#lib/platform';
import { again } from './retry.js';
import { restartGrace, dueAfter, type ReviewTerms } from './reviews.js';

const batch = 500;

const repositories = {
  name: 'content-registry-repositories',
  text: 'SELECT id FROM content.repositories WHERE registry_id = $1 ORDER BY id LIMIT 1 FOR UPDATE',
};

/** Statements that take one repository apart, dependents first; each removes at most a batch and says how many rows went. */
const steps = [
  step(
    'tags',
    `DELETE FROM content.tags WHERE (repository_id, name) IN (SELECT repository_id, name FROM content.tags WHERE repository_id = $1 LIMIT ${batch}) RETURNING 1`,
  ),
  step(
    'references',
    `DELETE FROM content.manifest_references WHERE ctid = ANY (ARRAY(SELECT ctid FROM content.manifest_references WHERE repository_id = $1 LIMIT ${batch})) RETURNING 1`,
  ),
  step(
    'manifests',
    `DELETE FROM content.manifests WHERE ctid = ANY (ARRAY(SELECT ctid FROM content.manifests WHERE repository_id = $1 LIMIT ${batch})) RETURNING 1`,
  ),
  step('link-reviews', 'DELETE FROM content.link_reviews WHERE repository_id = $1 RETURNING 1'),
  {
    name: 'content-registry-links',
    text: `WITH gone AS (
             DELETE FROM content.repository_blobs WHERE ctid = ANY (ARRAY(SELECT ctid FROM content.repository_blobs WHERE repository_id = $1 LIMIT ${batch}))
             RETURNING digest
           ), review AS (
             INSERT INTO content.blob_reviews (digest, region, due_at, reason)
             SELECT held.*, ${dueAfter('$3')}, 'unlinked' FROM (
               SELECT p.digest, p.region FROM content.blob_placements p JOIN gone USING (digest) UNION SELECT digest, $2::text FROM gone
             ) AS held ${restartGrace('blob_reviews')}
           ) SELECT 1 AS gone FROM gone`,
  },
  step('repository', 'DELETE FROM content.repositories WHERE id = $1 RETURNING 1'),
] as const;

/** What is kept per registry and not per repository. */
const rest = [
  step(
    'sessions',
    `WITH gone AS (
       DELETE FROM content.upload_sessions WHERE id IN (SELECT id FROM content.upload_sessions WHERE registry_id = $1 LIMIT ${batch})
       RETURNING committing, region
     ), review AS (
       INSERT INTO content.blob_reviews (digest, region, due_at, reason)
       SELECT DISTINCT committing, region, ${dueAfter('$2')}, 'upload-ended' FROM gone WHERE committing IS NOT NULL
       ${restartGrace('blob_reviews')}
     ) SELECT 1 AS gone FROM gone`,
  ),
  step(
    'blobs',
    `DELETE FROM content.registry_blobs WHERE (registry_id, digest) IN (SELECT registry_id, digest FROM content.registry_blobs WHERE registry_id = $1 LIMIT ${batch}) RETURNING 1`,
  ),
  step('usage', 'DELETE FROM content.usage_shards WHERE registry_id = $1 RETURNING 1'),
];

function step(what: string, text: string): { name: string; text: string } {
  return { name: `content-registry-${what}`, text };
}

/**
 * Removes every row of a registry in transactions of at most a few hundred rows. What is done stays done: called again after
 * a crash, it goes on. Bytes nobody else links follow through the collector; parts of open uploads through the sweeper.
 */
export async function removeRegistry(pool: PipelinedPool, registryId: string, terms: ReviewTerms, signal?: AbortSignal): Promise<void> {
  while (await again(() => pool.tx((queries) => removeSome(queries, registryId, terms)))) signal?.throwIfAborted();
  for (const statement of rest) {
    while ((await again(() => pool.query(statement, valuesOf(statement, registryId, terms)))).length === batch) signal?.throwIfAborted();
  }
}

/** The review of what sessions were about to become is the one statement that puts something up. */
function valuesOf({ name }: { name: string }, registryId: string, { graceSeconds }: ReviewTerms): unknown[] {
  return name === 'content-registry-sessions' ? [registryId, graceSeconds] : [registryId];
}

/** One batch of the first repository left; false when there is none. */
async function removeSome(queries: Queries, registryId: string, { region, graceSeconds }: ReviewTerms): Promise<boolean> {
  const [repository] = await queries.query<{ id: string }>(repositories, [registryId]);
  if (!repository) return false;
  for (const statement of steps) {
    const values = statement.name === 'content-registry-links' ? [repository.id, region, graceSeconds] : [repository.id];
    if ((await queries.query(statement, values)).length === batch) return true;
  }
  return true;
}
