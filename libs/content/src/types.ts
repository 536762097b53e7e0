import type { Digest, Manifest } from '#lib/oci';

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
  /** What the edge prepared once; kept in memory with inline blobs, gone with the others. */
  prepared: unknown;
}

/** One page of names in raw byte order. */
export interface NamePage {
  names: string[];
  /** True when at least one name follows. */
  more: boolean;
}

/** A page of the repositories of several registries. */
export interface CatalogPage {
  repositories: { registryId: string; name: string }[];
  /** True when at least one repository follows. */
  more: boolean;
}

/** A manifest that says of another one that it is its subject. */
export interface Referrer {
  digest: Digest;
  mediaType: string;
  size: number;
  /** Its own artifact type, else the media type of its config; null where it has neither. */
  artifactType: string | null;
  /** Those that the index keeps, as JSON. */
  annotations: string;
}

/** One page of referrers in raw byte order of their digests. */
export interface ReferrerPage {
  referrers: Referrer[];
  /** True when at least one follows. */
  more: boolean;
}

export interface PutManifest extends RepositoryKey {
  digest: Digest;
  bytes: Buffer;
  /** What `parseManifest` made of the bytes. */
  manifest: Manifest;
  /** Tags to set to this manifest; none when pushed by digest only. */
  tags: readonly string[];
  /** Bytes the registry may hold; null = no limit. */
  storageLimit: number | null;
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

/** Content that is now linked in a repository. */
export interface StoredBlob {
  digest: Digest;
  size: number;
}
