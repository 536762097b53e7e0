import type { Slice } from './bucket.js';

const MiB = 1024 * 1024;

/** How much memory reads may take, and in what pieces (performance.md, 5a.5). */
export interface BufferPoolSettings {
  /** Size of a buffer while few streams are active. */
  large?: number;
  /** Size above `crowd` streams: more streams fit the same memory. */
  medium?: number;
  /** Size once `limit` is used up: readers slow down, but nobody waits for somebody else's slow client. */
  small?: number;
  crowd?: number;
  /** Bytes of large and medium buffers in flight at the most. */
  limit?: number;
}

/** Buffers that are used again and again. What is lent out and what is kept are both bounded. */
export class BufferPool {
  readonly #large: number;
  readonly #medium: number;
  readonly #small: number;
  readonly #crowd: number;
  readonly #limit: number;
  readonly #idle = new Map<number, Buffer[]>();
  #streams = 0;
  #lent = 0;

  constructor(settings: BufferPoolSettings = {}) {
    this.#large = settings.large ?? MiB;
    this.#medium = settings.medium ?? MiB / 2;
    this.#small = settings.small ?? MiB / 16;
    this.#crowd = settings.crowd ?? 8;
    this.#limit = settings.limit ?? 16 * MiB;
  }

  /** Bytes lent out now. */
  get lent(): number {
    return this.#lent;
  }

  /** Tells the pool that a stream begins; the returned function that it ended. */
  enter(): () => void {
    this.#streams++;
    let inside = true;
    return () => {
      if (inside) this.#streams--;
      inside = false;
    };
  }

  /** A buffer for at most `wanted` bytes: never more than asked for, often less. The caller reads as much as it holds. */
  take(wanted: number): Slice {
    const room = this.#limit - this.#lent;
    let size = this.#streams > this.#crowd ? this.#medium : this.#large;
    if (size > room) size = this.#small;
    while (size > this.#small && size / 2 >= wanted) size /= 2;
    return this.#lend(Math.max(size, this.#small), wanted);
  }

  #lend(size: number, wanted: number): Slice {
    const buffer = this.#idle.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
    this.#lent += size;
    let out = true;
    return {
      bytes: wanted < size ? buffer.subarray(0, wanted) : buffer,
      release: () => {
        if (!out) return;
        out = false;
        this.#lent -= size;
        this.#keep(size, buffer);
      },
    };
  }

  #keep(size: number, buffer: Buffer): void {
    const idle = this.#idle.get(size) ?? [];
    this.#idle.set(size, idle);
    if ((idle.length + 1) * size <= this.#limit) idle.push(buffer);
  }
}
