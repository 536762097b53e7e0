import type { Digest } from './digests.js';
import type { ManifestKind, ManifestMediaType } from './manifest-media-types.js';

/** The largest manifest taken (OCI distribution 1.1 asks for at least 4 MiB). */
export const manifestMaxBytes = 4 * 1024 * 1024;

/** A manifest's word about other content. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  urls?: readonly string[];
  artifactType?: string;
  platform?: { architecture?: string; os?: string; variant?: string };
}

/** A manifest that passed every check; the bytes stay what they were. */
export interface Manifest {
  kind: ManifestKind;
  mediaType: ManifestMediaType;
  artifactType: string | null;
  configMediaType: string | null;
  /** Content that must be linked in the repository: config and layers, foreign ones with `urls` left out. */
  blobs: readonly Descriptor[];
  /** Blobs the manifest names but that need not be here (foreign layers with `urls`). */
  foreign: readonly Descriptor[];
  /** Manifests that must be in the repository: the entries of an index. */
  manifests: readonly Descriptor[];
  /** The manifest this one is about; it may be absent (OCI distribution 1.1, "Pushing manifests with subject"). */
  subject: Descriptor | null;
  annotations: Readonly<Record<string, string>>;
}
