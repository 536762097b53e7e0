import { BodyError } from './body-error.js';
import type { BodyBudget, BodyShare } from './body-budget.js';

const KiB = 1024;
/** A body begins with so little: five thousand of them fit a budget of 128 MiB. */
const firstBuffer = 16 * KiB;
const largestPiece = 1024 * KiB;
/** The most that one read of a socket brings. A buffer with less room than this is full. */
export const readSize = 64 * KiB;
/** Up to here a buffer grows for what is there already; beyond, memory is asked for before more is read. */
const grownUnasked = 128 * KiB;
/** A client that fills a buffer in the shorter time keeps pace: its next one is larger. In the longer one it has lost it. */
const fastMs = 100;
const slowMs = 1_000;

/** The beginning of a body: all of it if it is small. */
export interface Beginning {
  /** What came so far. Part of the buffer of the body: valid until `next` is called. */
  bytes: Buffer;
  /** True when that was all, or all that will ever come. */
  ended: boolean;
  /** Why the body ended early, if it did. */
  broken: { error: unknown } | null;
}

/** A body on its way in. Its reader ends it with `close`. */
export interface Body {
  /** Waits until the body ends or is longer than `limit`. What it gives is given again by `next`. */
  beginning(limit: number): Promise<Beginning>;
  /** The next piece, valid until the next call; null at the end. Throws why the body ended early, after what came before. */
  next(): Promise<Buffer | null>;
  /** Gives its memory back. What was not taken is not read any more. */
  close(): void;
}

/** Where a body comes from; it calls `push`, `end` and `fail`. */
export interface BodySource {
  /** Asks for no more until `resume`. What is on its way already may still be pushed. */
  pause(): void;
  resume(): void;
  /** The body is over or not wanted any more. */
  close(): void;
}

/**
 * Gathers a body in one buffer: each chunk is copied into it at once, however small, and never kept. The buffer is handed out when it
 * is full, and is larger the next time for clients that keep pace. The source is paused whenever the buffer is full or in use.
 */
export class GatheredBody implements Body {
  readonly #source: BodySource;
  readonly #share: BodyShare;
  readonly #declared: number | undefined;
  #buffer = Buffer.alloc(0);
  #length = 0;
  /** How many bytes the reader waits for. */
  #target = 0;
  #end: { error: unknown } | null = null;
  #wake: (() => void) | undefined;
  /** Bytes at the beginning of the buffer that the last `next` gave away. */
  #handedOut = 0;
  #paused = true;
  /** True while pieces are taken as they come, and not a beginning of a certain size. */
  #streaming = false;
  #filledInMs = 0;
  #received = 0;

  /** `declared` is how long the body says it is. The source is paused until something is asked for. */
  constructor(source: BodySource, budget: BodyBudget, declared?: number) {
    this.#source = source;
    this.#declared = declared;
    this.#share = budget.enter({ cut: (error) => this.fail(error), slow: () => this.#handOutEarly() });
  }

  /** Bytes that came in so far. */
  get received(): number {
    return this.#received;
  }

  push(chunk: Buffer): void {
    if (this.#end) return;
    this.#received += chunk.length;
    this.#share.received(chunk.length);
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    if (chunk.length < 64) for (let at = 0; at < chunk.length; at++) this.#buffer[this.#length + at] = chunk[at]!;
    else chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
    if (this.#paused) return;
    if (needed >= this.#target || this.#missing() > 0) this.#pause();
  }

  end(): void {
    this.#finish({ error: null });
  }

  fail(error: unknown): void {
    this.#finish({ error });
  }

  async beginning(limit: number): Promise<Beginning> {
    // What says that it is long need not be waited for.
    const long = this.#declared !== undefined && this.#declared > limit;
    if (!long) await this.#fill(limit + 1);
    const ended = !long && this.#end !== null && this.#length <= limit;
    return { bytes: this.#bytes(), ended, broken: ended && this.#end?.error ? { error: this.#end.error } : null };
  }

  async next(): Promise<Buffer | null> {
    if (this.#handedOut > 0) this.#takeBack();
    this.#streaming = true;
    await this.#fill(this.#fullAt());
    this.#streaming = false;
    this.#handedOut = this.#length;
    if (this.#length > 0) return this.#bytes();
    this.#buffer = Buffer.alloc(0);
    if (this.#end?.error) throw this.#end.error;
    return null;
  }

  /** All of a body that must be small. Refused as soon as it is known to be larger than `limit`, without waiting for the rest. */
  async whole(limit: number): Promise<Buffer> {
    if ((this.#declared ?? 0) > limit) throw new BodyError('too-large');
    await this.#fill(limit + 1);
    if (this.#length > limit) throw new BodyError('too-large');
    if (this.#end?.error) throw this.#end.error;
    return this.#bytes();
  }

  close(): void {
    this.end();
    this.#share.leave();
    this.#source.close();
  }

  #bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #fullAt(): number {
    return this.#buffer.length > readSize ? this.#buffer.length - readSize : Math.max(this.#buffer.length, firstBuffer) / 2;
  }

  /** Reads until `target` bytes are here or no more will come. */
  async #fill(target: number): Promise<void> {
    const began = performance.now();
    this.#target = target;
    while (this.#length < this.#target && !this.#end) {
      await this.#makeRoom();
      if (this.#end) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#resume();
      });
    }
    this.#filledInMs = performance.now() - began;
  }

  /**
   * Waits for memory before more is read: for the first buffer, or the next step of a large one. A body with a small buffer reads on
   * even while the process holds all it may: kept from its end, it would keep its memory from others.
   */
  async #makeRoom(): Promise<void> {
    const missing = this.#missing();
    if (missing === 0) return;
    await this.#share.room(missing);
    if (!this.#end) this.#grow(this.#buffer.length + missing);
  }

  /** Bytes the buffer needs before more is read. A small one grows for what comes; a large one must have room before it does. */
  #missing(): number {
    const size = this.#buffer.length;
    if (size === 0) return this.#firstSize();
    return size >= grownUnasked && size - this.#length < readSize && this.#target > size - readSize ? size : 0;
  }

  #firstSize(): number {
    return this.#declared === undefined ? firstBuffer : Math.max(1, Math.min(this.#declared, firstBuffer));
  }

  #grow(needed: number): void {
    let size = this.#buffer.length === 0 ? this.#firstSize() : this.#buffer.length;
    while (size < needed) size *= 2;
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    this.#share.hold(size);
  }

  /** The reader is done with what was handed out: frees its place, in a buffer of the size that fits the client. */
  #takeBack(): void {
    // Chunks that were under way when the source was paused lie behind it.
    this.#buffer.copy(this.#buffer, 0, this.#handedOut, this.#length);
    this.#length -= this.#handedOut;
    this.#handedOut = 0;
    if (this.#length === 0) this.#resize();
  }

  /** A larger buffer for a client that filled the last one quickly, if there is memory; the first size again for a slow one, or if others wait. */
  #resize(): void {
    const size = this.#buffer.length;
    const wanted =
      this.#filledInMs > slowMs || this.#share.isWanted()
        ? firstBuffer
        : this.#filledInMs < fastMs
          ? Math.min(size * 4, largestPiece)
          : size;
    if (wanted === size || (wanted > size && !this.#share.fits(wanted - size))) return;
    this.#buffer = Buffer.allocUnsafeSlow(wanted);
    this.#share.hold(wanted);
  }

  /** Hands out what a slow client left in a large buffer, so that the next buffer is small. */
  #handOutEarly(): void {
    if (!this.#streaming || this.#length === 0 || this.#buffer.length <= firstBuffer) return;
    this.#target = this.#length;
    this.#pause();
  }

  #finish(end: { error: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    this.#share.listening(false);
    this.#wakeUp();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#share.listening(false);
    this.#source.pause();
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #resume(): void {
    if (!this.#paused || this.#end) return;
    this.#paused = false;
    this.#share.listening(true);
    this.#source.resume();
  }
}
