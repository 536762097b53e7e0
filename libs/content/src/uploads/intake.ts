import { alignment, type Beginning, type Body, isBodyError, type PartWriter, type WriteSlot, type WriteSlots } from '#lib/platform';
import { Fault } from '#lib/domain';
import type { LiveHash } from './live-hashes.js';

/** Pieces on their way to disk and hash for one upload at a time: more would only queue. */
const piecesUnderWay = 4;

export interface Intake {
  slots: WriteSlots;
  writer: PartWriter;
  hash: LiveHash | null;
  /** Bytes the upload may have in the end. */
  sizeLimit: number;
  /** Aborted when the upload is no longer ours to write. */
  signal: AbortSignal;
}

/**
 * Throws if the process cut the client before it had sent much: the upload stays at what was acknowledged. Thousands are cut at once
 * when memory is short, and a row written for each would keep the database from those they were cut for.
 */
export async function beginningOf(body: Body, limit: number): Promise<Beginning> {
  const beginning = await body.beginning(limit);
  const error = beginning.broken?.error;
  if (isBodyError(error) && error.failure !== 'broken') throw error;
  return beginning;
}

/**
 * Writes a body to a part and hashes it on the way. Each piece of the body is copied once, into a slot, and then hashed and written at
 * the same time; no slot waits for a client. If the body breaks off, what arrived is written, and the error thrown on; then everything
 * received is in the part, though not yet synced.
 */
export async function takeIn(body: Body, head: Buffer | null, intake: Intake): Promise<void> {
  const pump = new Pump(intake);
  try {
    if (head) await pump.add(head);
    for (let piece = await body.next(); piece; piece = await body.next()) await pump.add(piece);
  } finally {
    await pump.end();
  }
}

class Pump {
  readonly #intake: Intake;
  readonly #underWay = new Set<Promise<void>>();
  /** Bytes behind the last block boundary of the file: they go in front of the next piece, so that all writes begin on one. */
  #rest = Buffer.alloc(0);
  #failure: { error: unknown } | null = null;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  async add(piece: Buffer): Promise<void> {
    const { writer, sizeLimit, slots } = this.#intake;
    if (writer.offset + this.#rest.length + piece.length > sizeLimit) {
      throw new Fault('SizeInvalid', `A blob has at most ${sizeLimit} bytes here.`, { detail: { limit: sizeLimit } });
    }
    for (let at = 0; at < piece.length;) {
      const odd = (writer.offset + this.#rest.length) % alignment;
      const count = Math.min(piece.length - at, slots.slotSize - this.#rest.length - odd);
      const tail = Math.min(count, (odd + count) % alignment);
      const chunk = piece.subarray(at, at + count - tail);
      if (chunk.length > 0) {
        await this.#ship(this.#rest, chunk);
        this.#rest = Buffer.alloc(0);
      }
      if (tail > 0) this.#rest = Buffer.concat([this.#rest, piece.subarray(at + count - tail, at + count)]);
      at += count;
    }
  }

  async end(): Promise<void> {
    if (this.#rest.length > 0 && !this.#failure) await this.#ship(this.#rest, Buffer.alloc(0));
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure.error;
  }

  async #ship(first: Buffer, second: Buffer): Promise<void> {
    if (this.#underWay.size >= piecesUnderWay) await Promise.race(this.#underWay);
    this.#intake.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
    const slot = await this.#intake.slots.take();
    slot.bytes.set(first);
    slot.bytes.set(second, first.length);
    const shipping = this.#process(slot, first.length + second.length).catch((error: unknown) => void (this.#failure ??= { error }));
    this.#underWay.add(shipping);
    void shipping.then(() => this.#underWay.delete(shipping));
  }

  async #process(slot: WriteSlot, length: number): Promise<void> {
    const { writer, hash } = this.#intake;
    try {
      const writing = writer.write(slot.bytes, length);
      const hashing = hash?.hash.update(slot.bytes.byteOffset, length);
      if (hash) hash.size += length;
      const [written, hashed] = await Promise.allSettled([writing, hashing]);
      // A hash that failed is no failure of the upload: its size fits no upload any more, and the bytes are read again.
      if (hash && hashed.status === 'rejected') hash.size = Number.NaN;
      if (written.status === 'rejected') throw written.reason;
    } finally {
      slot.release();
    }
  }
}
