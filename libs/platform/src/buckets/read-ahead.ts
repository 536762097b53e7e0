import type { Slice } from './bucket.js';
import { BucketError } from './bucket-error.js';
import type { BufferPool } from './buffer-pool.js';

/** Reads up to `bytes.length` bytes at `position`; says how many. */
export type ReadAt = (bytes: Buffer, position: number) => Promise<number>;

/**
 * Streams `start` to `end` (both counted in) with one read ahead: while the caller sends a slice, the next is being read.
 * Slices not handed out are given back when the caller leaves early; slices handed out are the caller's to release.
 */
export async function* readAhead(pool: BufferPool, readAt: ReadAt, start: number, end: number): AsyncGenerator<Slice, void, undefined> {
  const leave = pool.enter();
  let position = start;
  let next: Promise<Slice> | null = null;
  const fetch = (): Promise<Slice> => {
    const slice = pool.take(end - position + 1);
    const at = position;
    position += slice.bytes.length;
    const filled = fill(readAt, slice, at);
    filled.catch(() => {}); // Seen when it is awaited; a caller who left early does not await it.
    return filled;
  };
  try {
    if (position <= end) next = fetch();
    while (next) {
      const slice: Slice = await next;
      next = position <= end ? fetch() : null;
      yield slice;
    }
  } finally {
    leave();
    next?.then((slice) => slice.release()).catch(() => {});
  }
}

async function fill(readAt: ReadAt, slice: Slice, position: number): Promise<Slice> {
  try {
    let filled = 0;
    while (filled < slice.bytes.length) {
      const count = await readAt(filled === 0 ? slice.bytes : slice.bytes.subarray(filled), position + filled);
      if (count === 0) throw new BucketError('damaged', 'The stored object ends before its size says.');
      filled += count;
    }
    return slice;
  } catch (error) {
    slice.release();
    throw error;
  }
}
