import type { PipelinedPool, Queries } from '#lib/platform';
import { dueAfter } from '../writes/reviews.js';

/** How much time one transaction of the scan covers. */
const windowSeconds = 3_600;

const take = {
  name: 'content-unnamed-take',
  text: `SELECT reached_at::text AS "from", least(reached_at + step, horizon)::text AS until, reached_at + step < horizon AS more
         FROM content.scans, make_interval(secs => ${windowSeconds}) AS step, (SELECT now() - make_interval(secs => $1) AS horizon) AS old
         WHERE name = 'unnamed-links' AND reached_at < horizon FOR UPDATE OF scans SKIP LOCKED`,
};
const review = {
  name: 'content-unnamed-review',
  text: `INSERT INTO content.link_reviews (repository_id, digest, due_at, reason)
         SELECT l.repository_id, l.digest, ${dueAfter('$3')}, 'never-named' FROM content.repository_blobs l
         WHERE l.created_at > $1::timestamptz AND l.created_at <= $2::timestamptz
           AND NOT EXISTS (SELECT FROM content.manifest_references m WHERE m.repository_id = l.repository_id AND m.digest = l.digest)
         ON CONFLICT DO NOTHING`,
};
const move = {
  name: 'content-unnamed-move',
  text: `UPDATE content.scans SET reached_at = $1::timestamptz WHERE name = 'unnamed-links'`,
};

export interface UnnamedTerms {
  /** How old a link is before it must have a manifest. */
  afterSeconds: number;
  graceSeconds: number;
}

/**
 * Puts up for review the links that are old and that no manifest names: their push ended after the layers. Goes through the links by
 * the time they were made and remembers how far it came, so a link is looked at once and a push writes nothing for it. A link
 * whose manifest is deleted later is put up by that deletion. Several processes may call this: one goes on, the others do nothing.
 */
export async function reviewUnnamedLinks(pool: PipelinedPool, terms: UnnamedTerms, signal?: AbortSignal): Promise<void> {
  while (await pool.tx((queries) => reviewWindow(queries, terms))) signal?.throwIfAborted();
}

/** False when the scan has come to what is not old yet, or another process does it. */
async function reviewWindow(queries: Queries, { afterSeconds, graceSeconds }: UnnamedTerms): Promise<boolean> {
  const [next] = await queries.query<{ from: string; until: string; more: boolean }>(take, [afterSeconds]);
  if (!next) return false;
  await Promise.all([queries.query(review, [next.from, next.until, graceSeconds]), queries.query(move, [next.until])]);
  return next.more;
}
