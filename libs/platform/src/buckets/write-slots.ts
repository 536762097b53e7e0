/** A page-aligned piece of shared memory on loan: workers can hash it and the kernel can write it without copying it. */
export interface WriteSlot {
  readonly bytes: Buffer;
  release(): void;
}

/** Direct writes want memory and file positions that are multiples of this. */
export const alignment = 4096;

// The compiler knows this global only together with those of a browser.
declare const WebAssembly: { Memory: new (pages: { initial: number; maximum: number; shared: boolean }) => { buffer: SharedArrayBuffer } };

const aligned = new WeakSet<ArrayBufferLike>();

/** Whether a buffer may be handed to a direct write. */
export function isAligned(bytes: Buffer): boolean {
  return aligned.has(bytes.buffer) && bytes.byteOffset % alignment === 0;
}

/**
 * A fixed set of aligned buffers for uploads. Whoever takes one must not wait for a client while holding it: slots are
 * for bytes on their way to the disk, so that a slow client never stands in another's way.
 */
export class WriteSlots {
  readonly memory: SharedArrayBuffer;
  readonly slotSize: number;
  readonly #free: Buffer[] = [];
  readonly #waiting: ((bytes: Buffer) => void)[] = [];

  constructor({ slotSize = 1024 * 1024, count = 16 }: { slotSize?: number; count?: number } = {}) {
    const pages = Math.ceil((slotSize * count) / 65536);
    // WebAssembly memory begins on a page boundary, which no ArrayBuffer promises.
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
    this.slotSize = slotSize;
    aligned.add(this.memory);
    for (let at = 0; at < count; at++) this.#free.push(Buffer.from(this.memory, at * slotSize, slotSize));
  }

  async take(): Promise<WriteSlot> {
    const bytes = this.#free.pop() ?? (await new Promise<Buffer>((resolve) => this.#waiting.push(resolve)));
    let out = true;
    return {
      bytes,
      release: () => {
        if (!out) return;
        out = false;
        const next = this.#waiting.shift();
        if (next) next(bytes);
        else this.#free.push(bytes);
      },
    };
  }
}
