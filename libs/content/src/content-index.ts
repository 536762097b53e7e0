import type { Digest, Reference } from '#lib/oci';
import type { PipelinedPool } from '#lib/platform';
import { ContentMemory } from './reads/content-memory.js';
import { HotReads } from './reads/hot-reads.js';
import { listRepositories, listRepositoriesOf, listTags } from './reads/listings.js';
import { listReferrers } from './reads/referrers.js';
import type { CatalogPage, LinkedBlob, NamePage, PutManifest, ReferrerPage, RepositoryKey, StoredManifest } from './types.js';
import { mountBlob, removeBlob } from './writes/mount.js';
import { putManifest } from './writes/put-manifest.js';
import { removeManifest, removeTag } from './writes/remove-manifest.js';
import { removeRegistry } from './writes/remove-registry.js';
import { defaultGraceSeconds, type ReviewTerms } from './writes/reviews.js';
import { usageBytes } from './writes/storage-room.js';

export interface ContentIndexSettings {
  pool: PipelinedPool;
  /** The region this process serves. */
  region: string;
  /** Memory for manifests and small blobs; 64 MiB unless told. */
  memoryBytes?: number;
  /** How long the collector waits with what this process lets go; an hour unless told. */
  graceSeconds?: number;
}

/** The index of everything the registries hold: what is where, under which names, and how much it is. */
export class ContentIndex {
  readonly #pool: PipelinedPool;
  readonly #terms: ReviewTerms;
  readonly #reads: HotReads;

  constructor({ pool, region, memoryBytes = 64 * 1024 * 1024, graceSeconds = defaultGraceSeconds }: ContentIndexSettings) {
    this.#pool = pool;
    this.#terms = { region, graceSeconds };
    this.#reads = new HotReads(pool, new ContentMemory(memoryBytes), graceSeconds);
  }

  /** By tag (always looked up, never stale) or by digest; null if this repository has no such manifest. */
  manifest(at: RepositoryKey, reference: Reference): Promise<StoredManifest | null> {
    return this.#reads.manifest(at, reference);
  }

  /** Null if this repository does not link the blob, whoever else does. */
  blob(at: RepositoryKey, digest: Digest): Promise<LinkedBlob | null> {
    return this.#reads.blob(at, digest);
  }

  /** The same for a caller that may push: what it is told of stays for at least the grace period. */
  blobForPush(at: RepositoryKey, digest: Digest): Promise<LinkedBlob | null> {
    return this.#reads.blobForPush(at, digest);
  }

  /** Tags behind `last`, at most `n`. Fault NameUnknown if the repository holds no manifest. */
  tags(at: RepositoryKey, page: { n: number; last: string }): Promise<NamePage> {
    return listTags(this.#pool, at, page);
  }

  /** Repositories that hold a manifest, behind `last`, at most `n`. */
  catalog(registryId: string, page: { n: number; last: string }): Promise<NamePage> {
    return listRepositories(this.#pool, registryId, page);
  }

  /** The same of several registries, in the order given; `last` is a repository of the first one. */
  catalogOf(registryIds: readonly string[], page: { n: number; last: string }): Promise<CatalogPage> {
    return listRepositoriesOf(this.#pool, registryIds, page);
  }

  /** Manifests whose `subject` is `digest`, be it there or not, behind the digest `last`, at most `n`; of one artifact type if told. */
  referrers(at: RepositoryKey, digest: Digest, page: { n: number; last: string; artifactType: string | null }): Promise<ReferrerPage> {
    return listReferrers(this.#pool, at, digest, page);
  }

  /** Verifies that what the manifest names is in this repository (else ManifestBlobUnknown), stores it and sets its tags. */
  putManifest(put: PutManifest): Promise<{ created: boolean }> {
    return putManifest(this.#pool, put);
  }

  /** Deletes a manifest, its tags, and the manifests whose `subject` it is. False if there was none. */
  deleteManifest(at: RepositoryKey, digest: Digest): Promise<boolean> {
    return removeManifest(this.#pool, at, digest, this.#terms.graceSeconds);
  }

  /** Removes a tag; the manifest stays. False if there was none. */
  deleteTag(at: RepositoryKey, tag: string): Promise<boolean> {
    return removeTag(this.#pool, at, tag);
  }

  /** Links a blob that the repository `from` of the same registry links. False if it does not: the client uploads then. */
  mountBlob(at: RepositoryKey, digest: Digest, from: string, storageLimit: number | null): Promise<boolean> {
    return mountBlob(this.#pool, at, digest, from, { storageLimit, graceSeconds: this.#terms.graceSeconds });
  }

  /** Takes a blob out of a repository. False if it was not linked. */
  deleteBlob(at: RepositoryKey, digest: Digest): Promise<boolean> {
    return removeBlob(this.#pool, at, digest, this.#terms);
  }

  /** Bytes of distinct blobs and manifests the registry holds now. Exact. */
  usageBytes(registryId: string): Promise<number> {
    return usageBytes(this.#pool, registryId);
  }

  /** Removes everything of a registry in batches. May be stopped and called again; resolves when nothing is left. */
  deleteAllOfRegistry(registryId: string, signal?: AbortSignal): Promise<void> {
    return removeRegistry(this.#pool, registryId, this.#terms, signal);
  }
}
