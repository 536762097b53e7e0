import { LRUCache } from 'lru-cache';
import type { Digest } from '#lib/oci';
import type { LinkedBlob, StoredManifest } from '../types.js';

/**
 * Manifests and small blobs lately read, by digest. Their bytes never change, so they are never stale; whether a repository
 * holds them is asked of the index each time and never remembered here.
 */
export class ContentMemory {
  readonly #manifests: LRUCache<Digest, StoredManifest>;
  readonly #blobs: LRUCache<Digest, LinkedBlob>;

  constructor(bytes: number) {
    const overhead = 512;
    this.#manifests = new LRUCache({ maxSize: bytes / 2, sizeCalculation: (manifest) => manifest.bytes.length + overhead });
    this.#blobs = new LRUCache({ maxSize: bytes / 2, sizeCalculation: (blob) => blob.size + overhead });
  }

  manifest(digest: Digest): StoredManifest | undefined {
    return this.#manifests.get(digest);
  }

  keepManifest(manifest: StoredManifest): StoredManifest {
    this.#manifests.set(manifest.digest, manifest);
    return manifest;
  }

  blob(digest: Digest): LinkedBlob | undefined {
    return this.#blobs.get(digest);
  }

  keepBlob(blob: LinkedBlob): LinkedBlob {
    if (blob.inline) this.#blobs.set(blob.digest, blob);
    return blob;
  }
}
