import { Bucket, type ObjectPage, type ObjectReader, type ObjectStat, type PartStat, type PartWriter, type Slice } from './bucket.js';
import { BucketError } from './bucket-error.js';
import { partKey, requireKey } from './bucket-keys.js';
import { BufferPool } from './buffer-pool.js';
import { readAhead } from './read-ahead.js';

interface Stored {
  bytes: Buffer;
  modifiedAt: Date;
}

/** A bucket in memory: the port in its plainest form. For the suite and for trying things out; it forgets everything. */
export class MemoryBucket extends Bucket {
  readonly #parts = new Map<string, Stored>();
  readonly #objects = new Map<string, Stored>();
  readonly #pool = new BufferPool();
  readonly #capacity: number;

  constructor({ capacity = Number.POSITIVE_INFINITY }: { capacity?: number } = {}) {
    super();
    this.#capacity = capacity;
  }

  async openPart(uploadId: string, offset: number): Promise<PartWriter> {
    const key = partKey(uploadId);
    const part = this.#parts.get(key);
    if ((part?.bytes.length ?? 0) < offset) throw new BucketError('damaged', 'The part is shorter than what was acknowledged.');
    this.#parts.set(key, { bytes: part?.bytes.subarray(0, offset) ?? Buffer.alloc(0), modifiedAt: new Date() });
    const room = () => this.#capacity - this.#used();
    return new MemoryPartWriter(this.#parts, key, offset, room);
  }

  async partSize(uploadId: string): Promise<number | null> {
    return this.#parts.get(partKey(uploadId))?.bytes.length ?? null;
  }

  readPart(uploadId: string, start: number, end: number): AsyncGenerator<Slice, void, undefined> {
    return readAhead(this.#pool, copyFrom(this.#parts.get(partKey(uploadId))?.bytes ?? Buffer.alloc(0)), start, end);
  }

  async deletePart(uploadId: string): Promise<boolean> {
    return this.#parts.delete(partKey(uploadId));
  }

  async *listParts(pageSize: number): AsyncGenerator<PartStat[], void, undefined> {
    const all = [...this.#parts].map(([key, part]) => ({ uploadId: key.slice('parts/'.length), ...statOf(part) }));
    for (let at = 0; at < all.length; at += pageSize) yield all.slice(at, at + pageSize);
  }

  async promote(uploadId: string, key: string): Promise<boolean> {
    const to = requireKey(key);
    const part = this.#parts.get(partKey(uploadId));
    if (!part) return false;
    this.#objects.set(to, part);
    this.#parts.delete(partKey(uploadId));
    return true;
  }

  async open(key: string): Promise<ObjectReader | null> {
    const stored = this.#objects.get(requireKey(key));
    if (!stored) return null;
    const size = stored.bytes.length;
    return {
      size,
      read: (start = 0, end = size - 1) => readAhead(this.#pool, copyFrom(stored.bytes), start, Math.min(end, size - 1)),
      close: () => {},
    };
  }

  async stat(key: string): Promise<ObjectStat | null> {
    const stored = this.#objects.get(requireKey(key));
    return stored ? statOf(stored) : null;
  }

  async delete(key: string): Promise<boolean> {
    return this.#objects.delete(requireKey(key));
  }

  async list(after: string, limit: number): Promise<ObjectPage> {
    const all = [...this.#objects.keys()].filter((key) => key > after).sort();
    const keys = all.slice(0, Math.min(limit, 1000));
    return { keys, next: all.length > keys.length ? (keys.at(-1) ?? null) : null };
  }

  async room(): Promise<number> {
    return this.#capacity - this.#used();
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {}

  #used(): number {
    return [...this.#parts.values(), ...this.#objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

class MemoryPartWriter implements PartWriter {
  readonly #parts: Map<string, Stored>;
  readonly #key: string;
  readonly #room: () => number;
  #offset: number;
  #failure: BucketError | null = null;

  constructor(parts: Map<string, Stored>, key: string, offset: number, room: () => number) {
    this.#parts = parts;
    this.#key = key;
    this.#offset = offset;
    this.#room = room;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(bytes: Buffer, length: number): Promise<void> {
    if (length > this.#room()) this.#failure ??= new BucketError('full', 'No space is left in the bucket.');
    if (this.#failure) throw this.#failure;
    const before = this.#parts.get(this.#key)?.bytes ?? Buffer.alloc(0);
    this.#parts.set(this.#key, { bytes: Buffer.concat([before, bytes.subarray(0, length)]), modifiedAt: new Date() });
    this.#offset += length;
  }

  async flush(): Promise<number> {
    if (this.#failure) throw this.#failure;
    return this.#offset;
  }

  async close(): Promise<void> {}
}

function statOf({ bytes, modifiedAt }: Stored): ObjectStat {
  return { size: bytes.length, modifiedAt };
}

function copyFrom(source: Buffer): (bytes: Buffer, position: number) => Promise<number> {
  return async (bytes, position) => source.copy(bytes, 0, position, Math.min(source.length, position + bytes.length));
}
