import type { Digest } from '#lib/oci';
import { blobKey, type Bucket, type PipelinedPool, type Queries } from '#lib/platform';
import { unlinkBlob } from '../writes/links.js';
import { ownRepositoryById, tidyRepository } from '../writes/repositories.js';
import { again } from '../writes/retry.js';
import { defaultGraceSeconds, type ReviewTerms } from '../writes/reviews.js';
import { reviewUnnamedLinks } from './unnamed-links.js';

export interface CollectorSettings {
  pool: PipelinedPool;
  buckets: ReadonlyMap<string, Bucket>;
  /** How long what a review lets go, or a scan puts up, waits for its own review; an hour unless told. */
  graceSeconds?: number;
  /** A link that no manifest names is put up for review when it is so old; a day unless told. */
  unnamedSeconds?: number;
}

/** What one round of collection did. */
export interface Collected {
  /** Links taken away because no manifest of their repository needs the blob any more. */
  links: number;
  /** Objects deleted from the region's bucket, or small blobs deleted from the index. */
  blobs: number;
}

const dueLinks = {
  name: 'content-collect-links',
  text: `SELECT repository_id, digest, due_at::text AS due FROM content.link_reviews
         WHERE due_at <= now() AND (due_at, repository_id, digest) > ($1::timestamptz, $2::bigint, $3::text)
         ORDER BY due_at, repository_id, digest LIMIT 200`,
};
const dueBlobs = {
  name: 'content-collect-blobs',
  text: `SELECT digest, due_at::text AS due FROM content.blob_reviews
         WHERE region = $1 AND due_at <= now() AND (due_at, digest) > ($2::timestamptz, $3::text) ORDER BY due_at, digest LIMIT 200`,
};
const takeLink = {
  name: 'content-collect-take-link',
  text: `DELETE FROM content.link_reviews
         WHERE repository_id = $1 AND digest = $2 AND due_at <= now() RETURNING digest`,
};
const needed = {
  name: 'content-collect-needed',
  text: 'SELECT EXISTS (SELECT FROM content.manifest_references WHERE repository_id = $1 AND digest = $2) AS needed',
};
const takeBlob = {
  name: 'content-collect-take-blob',
  text: `DELETE FROM content.blob_reviews
         WHERE digest = $1 AND region = $2 AND due_at <= now() RETURNING digest`,
};
/** A row to lock even where bytes were left behind by a push that died before its row was committed. */
const stand = {
  name: 'content-collect-stand',
  text: 'INSERT INTO content.blobs (digest, size) VALUES ($1, 0) ON CONFLICT DO NOTHING RETURNING digest',
};
const hold = { name: 'content-collect-hold', text: 'SELECT digest FROM content.blobs WHERE digest = $1 FOR UPDATE' };
const wanted = {
  name: 'content-collect-wanted',
  text: `SELECT EXISTS (SELECT FROM content.repository_blobs WHERE digest = $1) AS linked,
                EXISTS (SELECT FROM content.upload_sessions WHERE committing = $1) AS arriving`,
};
const displace = { name: 'content-collect-displace', text: 'DELETE FROM content.blob_placements WHERE digest = $1 AND region = $2' };
const forget = {
  name: 'content-collect-forget',
  text: 'DELETE FROM content.blobs b WHERE b.digest = $1 AND NOT EXISTS (SELECT FROM content.blob_placements p WHERE p.digest = b.digest)',
};

/**
 * Frees what nothing needs, while clients push and pull. It looks only at reviews that are due, one blob at a time, under the lock that
 * every addition of that blob takes too: an addition either comes first, and the blob stays, or waits and brings the bytes again.
 */
export class Collector {
  readonly #pool: PipelinedPool;
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #graceSeconds: number;
  readonly #unnamedSeconds: number;

  constructor({ pool, buckets, graceSeconds = defaultGraceSeconds, unnamedSeconds = 86_400 }: CollectorSettings) {
    this.#pool = pool;
    this.#buckets = buckets;
    this.#graceSeconds = graceSeconds;
    this.#unnamedSeconds = unnamedSeconds;
  }

  /** One round for one region. May run in several processes at once, and be stopped between any two blobs. */
  async collectReviewed(region: string, signal?: AbortSignal): Promise<Collected> {
    await reviewUnnamedLinks(this.#pool, { afterSeconds: this.#unnamedSeconds, graceSeconds: this.#graceSeconds }, signal);
    const links = await this.#collectLinks(region, signal);
    const blobs = await this.#collectBlobs(region, signal);
    return { links, blobs };
  }

  async #collectLinks(region: string, signal?: AbortSignal): Promise<number> {
    let collected = 0;
    const terms = { region, graceSeconds: this.#graceSeconds };
    for (let at = ['-infinity', '0', '']; ;) {
      const rows = await this.#pool.query<{ repository_id: string; digest: Digest; due: string }>(dueLinks, at);
      for (const row of rows) {
        signal?.throwIfAborted();
        if (await again(() => this.#pool.tx((queries) => reviewLink(queries, row.repository_id, row.digest, terms)))) collected++;
        at = [row.due, row.repository_id, row.digest];
      }
      if (rows.length === 0) return collected;
    }
  }

  async #collectBlobs(region: string, signal?: AbortSignal): Promise<number> {
    const bucket = this.#buckets.get(region);
    if (!bucket) return 0;
    let collected = 0;
    for (let at = ['-infinity', '']; ;) {
      const rows = await this.#pool.query<{ digest: Digest; due: string }>(dueBlobs, [region, ...at]);
      for (const { digest, due } of rows) {
        signal?.throwIfAborted();
        if (await again(() => this.#pool.tx((queries) => reviewBlob(queries, bucket, region, digest)))) collected++;
        at = [due, digest];
      }
      if (rows.length === 0) return collected;
    }
  }
}

/** Takes away a link whose repository has no manifest left that names the blob. */
async function reviewLink(queries: Queries, repositoryId: string, digest: Digest, terms: ReviewTerms): Promise<boolean> {
  const registryId = await ownRepositoryById(queries, repositoryId);
  const taken = await queries.query(takeLink, [repositoryId, digest]);
  if (registryId === null || taken.length === 0) return false;
  const [row] = await queries.query<{ needed: boolean }>(needed, [repositoryId, digest]);
  if (row?.needed) return false;
  const removed = await unlinkBlob(queries, { registryId, repositoryId, digest }, terms);
  await tidyRepository(queries, repositoryId);
  return removed;
}

/** Deletes bytes that no repository links and no upload is about to become. The lock is held until they are gone. */
async function reviewBlob(queries: Queries, bucket: Bucket, region: string, digest: Digest): Promise<boolean> {
  const [stoodIn, , taken] = await Promise.all([
    queries.query(stand, [digest]),
    queries.query(hold, [digest]),
    queries.query(takeBlob, [digest, region]),
  ]);
  const [row] = await queries.query<{ linked: boolean; arriving: boolean }>(wanted, [digest]);
  const keep = taken.length === 0 || row?.linked || row?.arriving;
  if (row?.linked) {
    // A collector died after the bytes and before the rows, and the blob came back elsewhere: say what is true here.
    if ((await bucket.stat(blobKey(digest))) === null) await queries.query(displace, [digest, region]);
    return false;
  }
  if (keep) {
    // The upload that is arriving makes the row itself.
    if (stoodIn.length > 0) await queries.query(forget, [digest]);
    return false;
  }
  const deleted = await bucket.delete(blobKey(digest));
  await Promise.all([queries.query(displace, [digest, region]), queries.query(forget, [digest])]);
  return deleted || stoodIn.length === 0;
}
