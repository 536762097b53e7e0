interface Waiting<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface GatheredReadsOptions<T> {
  /** Reads many keys at once. What is not in the answer is absent. */
  read: (keys: string[]) => Promise<ReadonlyMap<string, T>>;
  absent: T;
  /** Keys of one read. */
  most: number;
}

/**
 * Reads by key that many ask for at a time. One read is under way; what is asked for meanwhile is gathered for the next one, each key
 * once. However many keys clients make up, they occupy one connection.
 */
export class GatheredReads<T> {
  readonly #options: GatheredReadsOptions<T>;
  readonly #waiting = new Map<string, Waiting<T>>();
  #reading = false;

  constructor(options: GatheredReadsOptions<T>) {
    this.#options = options;
  }

  /** The value of the key as it is now or later. */
  read(key: string): Promise<T> {
    let waiting = this.#waiting.get(key);
    if (!waiting) this.#waiting.set(key, (waiting = begin<T>()));
    if (!this.#reading) void this.#readAll();
    return waiting.promise;
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    // What else this turn of the event loop asks for goes along.
    await new Promise(setImmediate);
    while (this.#waiting.size > 0) await this.#readSome();
    this.#reading = false;
  }

  async #readSome(): Promise<void> {
    const some = [...this.#waiting].slice(0, this.#options.most);
    for (const [key] of some) this.#waiting.delete(key);
    try {
      const found = await this.#options.read(some.map(([key]) => key));
      for (const [key, { resolve }] of some) resolve(found.get(key) ?? this.#options.absent);
    } catch (error) {
      for (const [, { reject }] of some) reject(error);
    }
  }
}

function begin<T>(): Waiting<T> {
  let settle!: Pick<Waiting<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}
