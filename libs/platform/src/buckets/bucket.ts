/** Bytes on loan from a pool: whoever holds a slice gives it back, once, when the bytes were used. */
export interface Slice {
  readonly bytes: Buffer;
  release(): void;
}

/** What a bucket knows of a stored object. */
export interface ObjectStat {
  size: number;
  modifiedAt: Date;
}

/** One page of a listing, in raw byte order of the keys. `next` is the `after` of the following page, null at the end. */
export interface ObjectPage {
  keys: string[];
  next: string | null;
}

/** A part of an upload as the sweeper sees it. */
export interface PartStat {
  uploadId: string;
  size: number;
  modifiedAt: Date;
}

/** An object opened for reading. Many readers may be open on one object; deleting it does not disturb them. */
export interface ObjectReader {
  readonly size: number;
  /**
   * The bytes `start` to `end` (both counted in; all of them by default), in slices, with one slice read ahead. Leaving the loop early is
   * fine. Fewer bytes than asked for is an error, never a short answer.
   */
  read(start?: number, end?: number): AsyncGenerator<Slice, void, undefined>;
  /** Lets go of the object. Safe to call twice. */
  close(): void;
}

/** The growing part of one upload. One writer at a time: the caller holds the lease of the upload. */
export interface PartWriter {
  /** Where the next byte goes. */
  readonly offset: number;
  /**
   * Writes the first `length` bytes of `bytes` at the end. The buffer is the caller's again when the promise resolves.
   * Calls may overlap: they are put one behind the other in the order of the calls.
   */
  write(bytes: Buffer, length: number): Promise<void>;
  /** Waits for every write and makes everything so far survive a power cut. Says how long the part is then. */
  flush(): Promise<number>;
  /** Ends writing without a promise about what was not flushed. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * The object store of one region. Objects are written once, under keys made in `bucket-keys.ts`, and never changed;
 * they appear whole and durable or not at all. What is on its way in is a *part*, known by its upload id, which any process
 * of the region may go on writing. A full disk is the BucketError `full` and leaves nothing visible.
 */
export abstract class Bucket {
  /** Opens the part of an upload to write behind `offset`, making it if `offset` is 0. What lay behind `offset` is cut off. */
  abstract openPart(uploadId: string, offset: number): Promise<PartWriter>;
  /** How many bytes the part holds, null if there is none. */
  abstract partSize(uploadId: string): Promise<number | null>;
  /** The bytes `start` to `end` (both counted in) of a part. */
  abstract readPart(uploadId: string, start: number, end: number): AsyncGenerator<Slice, void, undefined>;
  /** Throws a part away; says whether there was one. */
  abstract deletePart(uploadId: string): Promise<boolean>;
  /** All parts once, in pages and in no order, for the sweeper. One that comes or goes meanwhile may or may not be among them. */
  abstract listParts(pageSize: number): AsyncGenerator<PartStat[], void, undefined>;
  /**
   * Makes a part the object `key`, atomically and durably. If the object is there already, the part is dropped and the
   * object stays: content addresses hold the same bytes. False if there was no such part.
   */
  abstract promote(uploadId: string, key: string): Promise<boolean>;
  /** Opens an object, null if there is none. */
  abstract open(key: string): Promise<ObjectReader | null>;
  abstract stat(key: string): Promise<ObjectStat | null>;
  /** Removes an object; says whether there was one. */
  abstract delete(key: string): Promise<boolean>;
  /** Objects behind `after` in raw byte order, at most `limit` (and never more than 1000). */
  abstract list(after: string, limit: number): Promise<ObjectPage>;
  /** Bytes that parts may still grow by; zero or less when the bucket is full, Infinity where the store does not say. At most a second old. */
  abstract room(): Promise<number>;
  /** Whether the bucket can be used now, if only for reading; rejects with a reason. For readiness checks. */
  abstract check(): Promise<void>;
  /** Lets go of everything open. */
  abstract close(): Promise<void>;
}
