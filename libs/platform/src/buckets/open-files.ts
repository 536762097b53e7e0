import { fstat } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { isMissing } from './bucket-error.js';
import { closeFile, openFile } from './file-io.js';

/** A file kept open for the next reader. */
export interface OpenFile {
  fd: number;
  size: number;
  readers: number;
  /** Out of the memory: closed when the last reader leaves. */
  forgotten: boolean;
}

/** A descriptor is let go after this time even when it is still asked for: an open file keeps the space of a deleted object. */
const keepMs = 60_000;

/** Descriptors of objects read lately: opening a file costs more than a small read. A file in use is never closed. */
export class OpenFiles {
  readonly #files: LRUCache<string, OpenFile>;
  readonly #opening = new Map<string, Promise<OpenFile | null>>();

  constructor(limit: number) {
    this.#files = new LRUCache({ max: limit, ttl: keepMs, ttlAutopurge: true, dispose: (file) => this.#forget(file) });
  }

  /** Null if there is no such file. Every file taken is given back with `leave`. */
  async take(path: string): Promise<OpenFile | null> {
    for (;;) {
      const known = this.#files.get(path);
      if (known) return enter(known);
      const file = await this.#open(path);
      if (!file) return null;
      // The file may have been forgotten between the opening and this turn; then it is opened again.
      if (!file.forgotten) return enter(file);
    }
  }

  leave(file: OpenFile): void {
    file.readers--;
    if (file.forgotten && file.readers === 0) void closeFile(file.fd).catch(() => {});
  }

  /** The path means something else now, or nothing. */
  forget(path: string): void {
    this.#files.delete(path);
  }

  clear(): void {
    this.#files.clear();
  }

  #open(path: string): Promise<OpenFile | null> {
    const under = this.#opening.get(path);
    if (under) return under;
    const opening = this.#read(path).finally(() => this.#opening.delete(path));
    this.#opening.set(path, opening);
    return opening;
  }

  async #read(path: string): Promise<OpenFile | null> {
    try {
      const fd = await openFile(path, 'r');
      const file: OpenFile = { fd, size: await sizeOf(fd), readers: 0, forgotten: false };
      this.#files.set(path, file);
      return file;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  #forget(file: OpenFile): void {
    file.forgotten = true;
    if (file.readers === 0) void closeFile(file.fd).catch(() => {});
  }
}

function enter(file: OpenFile): OpenFile {
  file.readers++;
  return file;
}

function sizeOf(fd: number): Promise<number> {
  return new Promise((resolve, reject) => fstat(fd, (error, stat) => (error ? reject(error) : resolve(stat.size))));
}
