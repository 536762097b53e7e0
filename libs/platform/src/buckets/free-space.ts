import { BucketError } from './bucket-error.js';

const measuredForMs = 1000;

export interface FreeSpaceSettings {
  /** Bytes that stay free for others who write to the same disk, such as the database. */
  reserveBytes?: number;
  now?: () => number;
}

/** What may still be written to a disk. It is measured at most once a second. What is taken meanwhile is subtracted. */
export class FreeSpace {
  readonly #measure: () => Promise<number>;
  readonly #reserve: number;
  readonly #now: () => number;
  #measured: Promise<number> | null = null;
  #measuredAt = 0;
  #taken = 0;

  constructor(measure: () => Promise<number>, { reserveBytes = 0, now = () => performance.now() }: FreeSpaceSettings = {}) {
    this.#measure = measure;
    this.#reserve = reserveBytes;
    this.#now = now;
  }

  /** Bytes free beside the reserve; negative where part of the reserve is used up. */
  async left(): Promise<number> {
    if (this.#measured === null || this.#now() - this.#measuredAt > measuredForMs) {
      this.#measured = this.#measure();
      this.#measuredAt = this.#now();
      this.#taken = 0;
    }
    return (await this.#measured) - this.#reserve - this.#taken;
  }

  /** Counts off what is about to be written. BucketError `full` if it does not fit. */
  async take(bytes: number): Promise<void> {
    if (bytes > (await this.left())) throw new BucketError('full', 'No space is left in the bucket beside its reserve.');
    this.#taken += bytes;
  }
}
