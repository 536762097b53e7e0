/** How long a client may be slow before its connection is cut: this many seconds in all, won back by sending or taking. */
export const patienceSeconds = 60;
/** What a client has to send or take in the long run. */
export const bytesPerSecond = 256;

/** How fast one client is, measured once a second for as long as the process waits for it. */
export class Pace {
  readonly #most: number;
  #patience: number;
  #rate = 0;
  #seconds = 0;

  /** `patience` is how many seconds a client has at first, `most` how many it can win by moving much at once. */
  constructor({ patience = patienceSeconds, most = patience }: { patience?: number; most?: number } = {}) {
    this.#patience = patience;
    this.#most = most;
  }

  /** One second in which the client moved so many bytes. */
  second(bytes: number): void {
    this.#seconds += 1;
    this.#rate = (this.#rate + bytes) / 2;
    this.#patience = Math.min(this.#most, this.#patience - 1 + bytes / bytesPerSecond);
  }

  /** Bytes a second of late: half of it is the last second. */
  get rate(): number {
    return this.#rate;
  }

  /** Seconds measured so far. */
  get seconds(): number {
    return this.#seconds;
  }

  get exhausted(): boolean {
    return this.#patience <= 0;
  }
}

const works = new Set<() => void>();
let timer: NodeJS.Timeout | undefined;

/** Calls `work` about once a second until the returned function is called. One timer serves all. */
export function everySecond(work: () => void): () => void {
  works.add(work);
  timer ??= setInterval(() => works.forEach((one) => one()), 1_000).unref();
  return () => {
    works.delete(work);
    if (works.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
