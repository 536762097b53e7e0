import type { Digest, Reference } from '#lib/oci';
import type { PipelinedPool } from '#lib/platform';
import type { LinkedBlob, RepositoryKey, StoredManifest } from '../types.js';
import { ContentMemory } from './content-memory.js';
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
const blobHeld = {
  name: 'content-blob-held',
  text: `SELECT true AS held FROM content.repositories r JOIN content.repository_blobs b ON b.repository_id = r.id
         WHERE r.registry_id = $1 AND r.name = $2 AND b.digest = $3`,
};
const blobWhole = {
  name: 'content-blob-whole',
  text: `SELECT b.size, b.inline_bytes, ARRAY(SELECT p.region FROM content.blob_placements p WHERE p.digest = b.digest AND p.state = 'stored') AS regions
         FROM content.repository_blobs l JOIN content.blobs b ON b.digest = l.digest
         WHERE l.repository_id = (SELECT r.id FROM ${repository}) AND l.digest = $3`,
};

interface BlobRow {
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
  readonly #blobs = new FreshLookups<object[]>();

  constructor(pool: PipelinedPool, memory: ContentMemory) {
    this.#pool = pool;
    this.#memory = memory;
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
    const known = this.#memory.blob(digest);
    const statement = known ? blobHeld : blobWhole;
    const rows = await this.#blobs.ask(`${statement.name}/${at.registryId}/${at.repository}@${digest}`, () =>
      this.#pool.query(statement, [at.registryId, at.repository, digest]),
    );
    if (!rows[0]) return null;
    if (known) return known;
    const { size, inline_bytes: inline, regions } = rows[0] as BlobRow;
    return this.#memory.keepBlob({ digest, size: Number(size), inline, regions: inline ? [] : regions, prepared: undefined });
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
