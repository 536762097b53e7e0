import { Worker } from 'node:worker_threads';
import type { Digest, DigestAlgorithm } from '#lib/oci';

/** A digest being made in the hashing thread. */
export interface ThreadHash {
  readonly algorithm: DigestAlgorithm;
  /** Adds `length` bytes of the shared memory from `offset`; the memory may be reused when it resolves. */
  update(offset: number, length: number): Promise<void>;
  /** The digest of everything so far; more may follow. */
  digest(): Promise<Digest>;
  close(): void;
}

// Plain JavaScript, so that it runs the same from source and from the build.
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const memory = Buffer.from(workerData);
const hashes = new Map();
parentPort.on('message', ({ op, id, seq, algorithm, offset, length }) => {
  if (op === 'open') hashes.set(id, createHash(algorithm));
  else if (op === 'close') hashes.delete(id);
  else {
    const hash = hashes.get(id);
    if (!hash) return parentPort.postMessage({ seq, unknown: true });
    if (op === 'update') hash.update(memory.subarray(offset, offset + length));
    parentPort.postMessage({ seq, hex: op === 'digest' ? hash.copy().digest('hex') : undefined });
  }
});
`;

interface Waiting {
  resolve(hex: string | undefined): void;
  reject(error: unknown): void;
}

/**
 * One thread that hashes what all uploads of this process bring (performance.md, 5a.6): the event loop copies bytes into shared
 * memory once and stays free for small requests while they are hashed and written.
 */
export class HashThread {
  readonly #memory: SharedArrayBuffer;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #seq = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
  }

  open(algorithm: DigestAlgorithm): ThreadHash {
    const id = ++this.#seq;
    const worker = this.#start();
    worker.postMessage({ op: 'open', id, algorithm });
    return {
      algorithm,
      update: async (offset, length) => void (await this.#ask(worker, { op: 'update', id, offset, length })),
      digest: async () => `${algorithm}:${await this.#ask(worker, { op: 'digest', id })}`,
      close: () => worker.postMessage({ op: 'close', id }),
    };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(program, { eval: true, workerData: this.#memory, name: 'hash' });
    worker.unref();
    worker.on('message', ({ seq, hex, unknown }: { seq: number; hex?: string; unknown?: boolean }) => {
      const waiting = this.#waiting.get(seq);
      // Closed while pieces of it were under way: the one upload is read again, and no other is touched.
      if (unknown) waiting?.reject(new Error('There is no such hash.'));
      else waiting?.resolve(hex);
      this.#waiting.delete(seq);
    });
    // A thread that ends takes its hashes along: uploads that relied on it read their bytes again.
    const ended = (cause: unknown) => {
      if (this.#worker === worker) this.#worker = null;
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('The hashing thread ended.', { cause }));
      this.#waiting.clear();
    };
    worker.on('error', ended);
    worker.on('exit', ended);
    return (this.#worker = worker);
  }

  #ask(worker: Worker, message: object): Promise<string | undefined> {
    if (this.#worker !== worker) return Promise.reject(new Error('The hashing thread ended.'));
    const seq = ++this.#seq;
    return new Promise((resolve, reject) => {
      this.#waiting.set(seq, { resolve, reject });
      worker.postMessage({ ...message, seq });
    });
  }
}
