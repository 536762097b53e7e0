import type { Logger } from 'pino';

/** Lines a second that are written; further ones are counted and their number is written. */
const linesPerSecond = 20;

/** Bounds the lines that clients can cause by requests that are refused: no client can fill the log with them. */
export class LineBudget {
  #second = 0;
  #written = 0;
  #left = 0;

  constructor(
    private readonly logger: Logger,
    private readonly now: () => number = Date.now,
  ) {}

  /** True if one more line may be written now. */
  spend(): boolean {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.#second) {
      if (this.#left > 0) this.logger.warn({ left: this.#left }, 'more requests were refused or failed than are written');
      this.#second = second;
      this.#written = 0;
      this.#left = 0;
    }
    if (this.#written < linesPerSecond) return ++this.#written > 0;
    this.#left += 1;
    return false;
  }
}
