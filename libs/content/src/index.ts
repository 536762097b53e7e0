// Interfaces first; each `declare class` is replaced by its implementation as it lands.
import type { PipelinedPool } from '#lib/platform';
import type { Bucket, Slice } from '#lib/platform';
import type { Digest, DigestAlgorithm, Manifest, Reference } from '#lib/oci';

/** A repository of a registry, as the edge knows it. */
export interface RepositoryKey {
  registryId: string;
  repository: string;
}

/** A manifest as it was pushed. Shared between requests: never change `bytes`. */
export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** What the edge prepared once for this manifest (header lines); it stays beside it in memory. */
  prepared: unknown;
}

/** A blob linked in a repository. `inline` bytes are shared between requests: never change them. */
export interface LinkedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly inline: Buffer | null;
  /** Regions whose bucket holds the bytes; empty for inline blobs. */
  readonly regions: readonly string[];
  prepared: unknown;
}

export interface NamePage {
  names: string[];
  /** True when at least one name follows. */
  more: boolean;
}

export interface PutManifest extends RepositoryKey {
  digest: Digest;
  bytes: Buffer;
  manifest: Manifest;
  /** Tags to set to this manifest, none when pushed by digest only. */
  tags: readonly string[];
  /** Bytes the registry may hold; null = no limit. */
  storageLimit: number | null;
}

/** The index of everything the registries hold. */
export declare class ContentIndex {
  constructor(options: {
    /** Hot reads: pipelined, prepared. */
    pool: PipelinedPool;
    /** Region this process serves. */
    region: string;
    /** Bytes of memory for manifests and small blobs. Default 64 MiB. */
    memoryBytes?: number;
  });
  /** By tag (always looked up in the index) or digest. Null: no such manifest in this repository. One query; bytes from memory if there. */
  manifest(at: RepositoryKey, reference: Reference): Promise<StoredManifest | null>;
  /** Null: not linked in this repository, whoever else has it. One query. */
  blob(at: RepositoryKey, digest: Digest): Promise<LinkedBlob | null>;
  /** Fault NameUnknown when there is no such repository. Raw byte order, keyset. */
  tags(at: RepositoryKey, page: { n: number; last: string }): Promise<NamePage>;
  catalog(registryId: string, page: { n: number; last: string }): Promise<NamePage>;
  /** Verifies that all referenced content is in this repository (fault ManifestBlobUnknown / ManifestUnknown), stores, tags. Repository made on first push. */
  putManifest(put: PutManifest): Promise<{ created: boolean }>;
  /** Deletes a manifest, its tags and the manifests whose subject it is. False: there was none. */
  deleteManifest(at: RepositoryKey, digest: Digest): Promise<boolean>;
  deleteTag(at: RepositoryKey, tag: string): Promise<boolean>;
  /** Links a blob that `from` (a repository of the same registry) links. False: it does not, the client must upload. */
  mountBlob(at: RepositoryKey, digest: Digest, from: string, storageLimit: number | null): Promise<boolean>;
  deleteBlob(at: RepositoryKey, digest: Digest): Promise<boolean>;
  /** Unique bytes (blobs and manifests) the registry holds now: exact. */
  usageBytes(registryId: string): Promise<number>;
  /** Removes every row of a registry in batches; call again after a crash, it goes on. Resolves when nothing is left. */
  deleteAllOfRegistry(registryId: string, signal?: AbortSignal): Promise<void>;
}

/** Who opened an upload. Every later call must come from the same three, or the upload is unknown (404). */
export interface UploadOwner extends RepositoryKey {
  principalId: string;
}
export interface UploadStatus {
  id: string;
  /** Bytes durably received. */
  offset: number;
}

/** Uploads: sessions any process of the region may continue. All faults are OCI-side codes. */
export declare class Uploads {
  /** `declaredSize` (if known) and what the registry holds must fit `storageLimit`, else StorageLimitReached. */
  start(owner: UploadOwner, options: { storageLimit: number | null; declaredSize?: number; algorithm?: DigestAlgorithm }): Promise<UploadStatus>;
  status(owner: UploadOwner, id: string): Promise<UploadStatus>;
  /**
   * Appends a body. `at` (from Content-Range) must equal the offset, else RangeInvalid with detail {offset}. `length` as announced,
   * if known. A body that breaks off keeps what arrived durably; the error of the body is thrown on.
   */
  append(owner: UploadOwner, id: string, body: AsyncIterable<Buffer>, options?: { at?: number; length?: number }): Promise<UploadStatus>;
  /** The closing PUT, with or without a last piece. Wrong digest → DigestInvalid, the session is gone, nothing visible. */
  commit(
    owner: UploadOwner,
    id: string,
    digest: Digest,
    options: { storageLimit: number | null; body?: AsyncIterable<Buffer>; at?: number; length?: number },
  ): Promise<{ digest: Digest; size: number }>;
  /** POST ?digest=: the whole blob in one request, no session. */
  put(
    owner: UploadOwner,
    digest: Digest,
    body: AsyncIterable<Buffer>,
    options: { storageLimit: number | null; length?: number },
  ): Promise<{ digest: Digest; size: number }>;
  cancel(owner: UploadOwner, id: string): Promise<void>;
  /** Ends sessions nobody touched for `idleSeconds` and parts without session; says how many. For the worker. */
  sweepExpired(idleSeconds: number): Promise<number>;
}

/** Bytes of linked blobs, from the nearest region that has them. */
export declare class BlobStore {
  constructor(options: { region: string; buckets: ReadonlyMap<string, Bucket> });
  /** `blob.regions` first this region, then the others. Fault ServiceUnavailable when no reachable bucket holds it. Close the reader when done. */
  open(blob: LinkedBlob): Promise<{ size: number; read(start?: number, end?: number): AsyncGenerator<Slice, void, undefined>; close(): void }>;
}
