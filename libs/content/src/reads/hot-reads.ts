import type { Digest, Reference } from '#lib/oci';
import type { PipelinedPool, Statement } from '#lib/platform';
import type { LinkedBlob, RepositoryKey, StoredManifest } from '../types.js';
import { ContentMemory } from './content-memory.js';
import { dueAfter, postponed } from '../writes/reviews.js';
import { FreshLookups } from './fresh-lookups.js';

const repository = 'content.repositories r WHERE r.registry_id = $1 AND r.name = $2';
const tagDigest = {
  name: 'content-tag-digest',
  text: `SELECT t.digest FROM content.repositories r JOIN content.tags t ON t.repository_id = r.id
         WHERE r.registry_id = $1 AND r.name = $2 AND t.name = $3`,
};
const manifestHeld = {
  name: 'content-manifest-held',
  text: `SELECT true AS held FROM content.repositories r JOIN content.manifests m ON m.repository_id = r.id
         WHERE r.registry_id = $1 AND r.name = $2 AND m.digest = $3`,
};
const manifestBytes = {
  name: 'content-manifest-bytes',
  text: `SELECT m.media_type, m.bytes FROM content.manifests m
         WHERE m.repository_id = (SELECT r.id FROM ${repository}) AND m.digest = $3`,
};
/** The two questions about a blob: is it linked, when its bytes are in memory, and all of it, when they are not. */
function blobStatements(name: string, reviewed: string): { held: Statement; whole: Statement } {
  return {
    held: {
      name: `${name}-held`,
      text: `SELECT ${reviewed} AS reviewed FROM content.repositories r JOIN content.repository_blobs l ON l.repository_id = r.id
             WHERE r.registry_id = $1 AND r.name = $2 AND l.digest = $3`,
    },
    whole: {
      name: `${name}-whole`,
      text: `SELECT ${reviewed} AS reviewed, b.size, b.inline_bytes,
                    ARRAY(SELECT p.region FROM content.blob_placements p WHERE p.digest = b.digest AND p.state = 'stored') AS regions
             FROM content.repository_blobs l JOIN content.blobs b ON b.digest = l.digest
             WHERE l.repository_id = (SELECT r.id FROM ${repository}) AND l.digest = $3`,
    },
  };
}
const toPull = blobStatements('content-blob', 'false');
const toPush = blobStatements(
  'content-blob-for-push',
  'EXISTS (SELECT FROM content.link_reviews v WHERE v.repository_id = l.repository_id AND v.digest = l.digest)',
);
const renew = {
  name: 'content-link-review-renew',
  text: `UPDATE content.link_reviews SET enqueued_at = now(), due_at = ${postponed('link_reviews', dueAfter('$4'))}
         WHERE repository_id = (SELECT r.id FROM ${repository}) AND digest = $3 RETURNING digest`,
};

interface BlobRow {
  reviewed: boolean;
  size: string;
  inline_bytes: Buffer | null;
  regions: string[];
}

/** What a pull asks. One statement each, prepared and pipelined; bytes that cannot change come from memory. */
export class HotReads {
  readonly #pool: PipelinedPool;
  readonly #memory: ContentMemory;
  readonly #tags = new FreshLookups<{ digest: string }[]>();
  readonly #manifests = new FreshLookups<object[]>();
  readonly #blobs = new FreshLookups<BlobRow[]>();
  readonly #graceSeconds: number;

  constructor(pool: PipelinedPool, memory: ContentMemory, graceSeconds: number) {
    this.#pool = pool;
    this.#memory = memory;
    this.#graceSeconds = graceSeconds;
  }

  async manifest(at: RepositoryKey, reference: Reference): Promise<StoredManifest | null> {
    if (reference.kind === 'digest') return this.#byDigest(at, reference.digest);
    const rows = await this.#tags.ask(`${at.registryId}/${at.repository}:${reference.tag}`, () =>
      this.#pool.query<{ digest: string }>(tagDigest, [at.registryId, at.repository, reference.tag]),
    );
    if (!rows[0]) return null;
    const digest = rows[0].digest as Digest;
    return this.#memory.manifest(digest) ?? this.#readManifest(at, digest);
  }

  async blob(at: RepositoryKey, digest: Digest): Promise<LinkedBlob | null> {
    return (await this.#look(at, digest, toPull))?.blob ?? null;
  }

  /**
   * The blob, for a caller that will name it in a manifest instead of uploading it. Where the collector is about to review the link, the
   * grace of the review begins again before the caller hears of the blob. If the collector decides meanwhile, the link is looked up again.
   */
  async blobForPush(at: RepositoryKey, digest: Digest): Promise<LinkedBlob | null> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const found = await this.#look(at, digest, toPush);
      if (!found?.reviewed) return found?.blob ?? null;
      // In a transaction: the row may be locked by the collector, and a shared connection must not wait.
      const values = [at.registryId, at.repository, digest, this.#graceSeconds];
      if ((await this.#pool.tx((queries) => queries.query(renew, values))).length > 0) return found.blob;
    }
    return null; // The caller uploads it: always right.
  }

  async #look(at: RepositoryKey, digest: Digest, { held, whole }: typeof toPull): Promise<{ blob: LinkedBlob; reviewed: boolean } | null> {
    const known = this.#memory.blob(digest);
    const statement = known ? held : whole;
    const [row] = await this.#blobs.ask(`${statement.name}/${at.registryId}/${at.repository}@${digest}`, () =>
      this.#pool.query<BlobRow>(statement, [at.registryId, at.repository, digest]),
    );
    if (!row) return null;
    const { reviewed, size, inline_bytes: inline, regions } = row;
    const blob = known ?? { digest, size: Number(size), inline, regions: inline ? [] : regions, prepared: undefined };
    return { blob: known ?? this.#memory.keepBlob(blob), reviewed };
  }

  async #byDigest(at: RepositoryKey, digest: Digest): Promise<StoredManifest | null> {
    const known = this.#memory.manifest(digest);
    if (!known) return this.#readManifest(at, digest);
    const rows = await this.#manifests.ask(`${at.registryId}/${at.repository}@${digest}`, () =>
      this.#pool.query(manifestHeld, [at.registryId, at.repository, digest]),
    );
    return rows[0] ? known : null;
  }

  async #readManifest(at: RepositoryKey, digest: Digest): Promise<StoredManifest | null> {
    const [row] = await this.#pool.query<{ media_type: string; bytes: Buffer }>(manifestBytes, [at.registryId, at.repository, digest]);
    if (!row) return null;
    // Somebody else may have read it meanwhile: one copy in memory is enough.
    return (
      this.#memory.manifest(digest) ??
      this.#memory.keepManifest({ digest, mediaType: row.media_type, bytes: row.bytes, prepared: undefined })
    );
  }
}
