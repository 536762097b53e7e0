import { LRUCache } from 'lru-cache';
import type { DigestAlgorithm } from '#lib/oci';
import type { HashThread, ThreadHash } from './hash-thread.js';

/** A hash that knows how many bytes went in: it is worth something only if that is all there are. */
export interface LiveHash {
  readonly hash: ThreadHash;
  size: number;
}

/**
 * Hashes of uploads this process received so far, so that the digest is ready when the last byte is. Nobody relies on them: an
 * upload that continues elsewhere, or was forgotten here, is read again at its end.
 */
export class LiveHashes {
  readonly #thread: HashThread;
  readonly #live: LRUCache<string, LiveHash>;

  constructor(thread: HashThread, max = 2000) {
    this.#thread = thread;
    this.#live = new LRUCache({ max, dispose: ({ hash }) => hash.close() });
  }

  /** The hash of the first `size` bytes of an upload, if it is known or `size` is zero. */
  at(uploadId: string, size: number, algorithm: DigestAlgorithm): LiveHash | null {
    const live = this.#live.get(uploadId);
    if (live?.size === size && live.hash.algorithm === algorithm) return live;
    this.#live.delete(uploadId);
    if (size !== 0) return null;
    const begun = { hash: this.#thread.open(algorithm), size: 0 };
    this.#live.set(uploadId, begun);
    return begun;
  }

  forget(uploadId: string): void {
    this.#live.delete(uploadId);
  }
}
