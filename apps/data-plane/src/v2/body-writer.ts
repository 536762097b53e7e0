import type { ServerResponse } from 'node:http';
import { everySecond, Pace, type Slice, storageMetrics } from '#lib/platform';

/** The client went away in the middle of a body; nobody is left to be told. */
export class ClientGone extends Error {
  constructor() {
    super('The client closed the connection before the body was sent.');
    this.name = 'ClientGone';
  }
}

/** How long a client may be slow at first, in seconds: what the network buffers for it can hide that it takes anything. */
const grace = 120;
/** Bytes leave those buffers in large portions. A client that took one is waited for at most this long, in seconds. */
const longestGrace = 300;

/**
 * Sends borrowed bytes as the rest of a body. Each slice is given back once the socket has it; while one is being sent, the
 * source reads the next. Ends early, with every slice returned, when the client goes away or takes too little for too long.
 */
export async function sendSlices(response: ServerResponse, slices: AsyncGenerator<Slice, void, undefined>): Promise<void> {
  let wake: (() => void) | undefined;
  const onClose = () => wake?.();
  response.once('close', onClose);
  const watch = new ReaderWatch(response);
  try {
    for await (const slice of slices) {
      try {
        if (response.destroyed) throw new ClientGone();
        watch.waitsFor(slice.bytes.length);
        await new Promise<void>((resolve) => {
          wake = resolve;
          response.write(slice.bytes, () => resolve());
        });
        watch.taken();
        storageMetrics.sent.inc(slice.bytes.length);
      } finally {
        slice.release();
      }
    }
    if (response.destroyed) throw new ClientGone();
    response.end();
  } finally {
    response.off('close', onClose);
    watch.stop();
  }
}

/** Cuts the connection of a client that is slower in the long run than `Pace` allows. */
class ReaderWatch {
  readonly #response: ServerResponse;
  readonly #pace = new Pace({ patience: grace, most: longestGrace });
  readonly stop: () => void;
  /** What the socket still has to send of the slice, and how much the client took since the last second. */
  #left = 0;
  #moved = 0;
  /** True if the client let the process wait at the last second: what fills empty buffers before is not its merit. */
  #waited = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.stop = everySecond(() => this.#second());
  }

  waitsFor(bytes: number): void {
    this.#left = bytes;
  }

  taken(): void {
    this.#moved += this.#left;
    this.#left = 0;
  }

  #second(): void {
    const left = Math.min(this.#left, unsent(this.#response) ?? this.#left);
    const moved = this.#moved + this.#left - left;
    this.#left = left;
    this.#moved = 0;
    if (this.#waited) this.#pace.second(moved);
    this.#waited = left > 0;
    if (this.#pace.exhausted) this.#response.destroy();
  }
}

/** Bytes of the last write that the kernel has not taken. Node has no public word for it; its own timeouts look at the same figure. */
function unsent({ socket }: ServerResponse): number | undefined {
  return (socket as unknown as { _handle?: { writeQueueSize?: number } } | null)?._handle?.writeQueueSize;
}
