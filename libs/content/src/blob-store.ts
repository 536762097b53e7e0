import { Fault } from '#lib/domain';
import { algorithmOf, DigestStream, type Digest } from '#lib/oci';
import { blobKey, type Bucket, type ObjectReader } from '#lib/platform';
import type { LinkedBlob } from './types.js';

/** Bytes of blobs that lie in buckets, from the nearest region that has them. */
export class BlobStore {
  readonly #region: string;
  readonly #buckets: ReadonlyMap<string, Bucket>;

  constructor({ region, buckets }: { region: string; buckets: ReadonlyMap<string, Bucket> }) {
    this.#region = region;
    this.#buckets = buckets;
  }

  /**
   * Opens a blob of `ContentIndex.blob` that is not inline. Close the reader when done. What lies under the name but has not the
   * size the index knows is not served. Fault ServiceUnavailable if no reachable bucket has it.
   */
  async open(blob: LinkedBlob): Promise<ObjectReader> {
    const key = blobKey(blob.digest);
    let cause: unknown;
    for (const region of [...blob.regions].sort((a, b) => Number(b === this.#region) - Number(a === this.#region))) {
      try {
        const reader = await this.#buckets.get(region)?.open(key);
        if (reader?.size === blob.size) return reader;
        reader?.close();
      } catch (error) {
        cause = error; // The next region may have it.
      }
    }
    throw new Fault('ServiceUnavailable', `No region that can be reached holds ${blob.digest}.`, { cause });
  }

  /** Reads what a region holds under a digest and says whether it is that, byte for byte; null if it holds nothing. */
  async verify(digest: Digest, region: string): Promise<boolean | null> {
    const reader = await this.#buckets.get(region)?.open(blobKey(digest));
    if (!reader) return null;
    try {
      const stream = new DigestStream(algorithmOf(digest));
      for await (const slice of reader.read()) {
        stream.update(slice.bytes);
        slice.release();
      }
      return stream.digest() === digest;
    } finally {
      reader.close();
    }
  }
}
