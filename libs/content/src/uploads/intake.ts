import { alignment, type PartWriter, type WriteSlot, type WriteSlots } from '#lib/platform';
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
 * Writes a body to a part and hashes it on the way. Chunks are gathered until a slot is full, so that no slot waits for a client; each
 * is copied once and then hashed and written at the same time. If the body breaks off, what arrived is written, and the error
 * thrown on; then everything received is in the part, though not yet synced.
 */
export async function takeIn(body: AsyncIterable<Buffer>, intake: Intake): Promise<void> {
  const pump = new Pump(intake);
  try {
    for await (const chunk of body) await pump.add(chunk);
  } finally {
    await pump.end();
  }
}

class Pump {
  readonly #intake: Intake;
  readonly #underWay = new Set<Promise<void>>();
  #gathered: Buffer[] = [];
  #size = 0;
  #failure: { error: unknown } | null = null;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  async add(chunk: Buffer): Promise<void> {
    const { writer, sizeLimit } = this.#intake;
    if (writer.offset + this.#size + chunk.length > sizeLimit) {
      throw new Fault('SizeInvalid', `A blob has at most ${sizeLimit} bytes here.`, { detail: { limit: sizeLimit } });
    }
    this.#gathered.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#room()) await this.#ship(this.#room());
  }

  async end(): Promise<void> {
    if (this.#size > 0 && !this.#failure) await this.#ship(this.#size);
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure.error;
  }

  /** The first piece ends on a block boundary of the file, so that all others begin on one. */
  #room(): number {
    const { slots, writer } = this.#intake;
    return slots.slotSize - (writer.offset % alignment);
  }

  async #ship(length: number): Promise<void> {
    if (this.#underWay.size >= piecesUnderWay) await Promise.race(this.#underWay);
    this.#intake.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
    const slot = await this.#intake.slots.take();
    this.#fill(slot, length);
    const shipping = this.#process(slot, length).catch((error: unknown) => void (this.#failure ??= { error }));
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

  #fill(slot: WriteSlot, length: number): void {
    let filled = 0;
    while (filled < length) {
      const chunk = this.#gathered[0]!;
      const count = Math.min(chunk.length, length - filled);
      slot.bytes.set(count === chunk.length ? chunk : chunk.subarray(0, count), filled);
      filled += count;
      if (count === chunk.length) this.#gathered.shift();
      else this.#gathered[0] = chunk.subarray(count);
    }
    this.#size -= length;
  }
}
