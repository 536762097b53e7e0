import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Bucket, type ObjectPage, type ObjectReader, type ObjectStat, type PartStat, type PartWriter, type Slice } from './bucket.js';
import { bucketError, BucketError, isMissing } from './bucket-error.js';
import { isUploadId, partKey, requireKey } from './bucket-keys.js';
import { BufferPool } from './buffer-pool.js';
import { closeFile, openFile, readAt, syncDirectory } from './file-io.js';
import { listKeys } from './file-listing.js';
import { FilePartWriter } from './file-part-writer.js';
import { FreeSpace } from './free-space.js';
import { OpenFiles, type OpenFile } from './open-files.js';
import { readAhead } from './read-ahead.js';

export interface FileBucketSettings {
  /** Shared by all buckets of a process, so that the memory of all reads together is bounded. */
  pool?: BufferPool;
  /** Descriptors kept open for reading. */
  openFiles?: number;
  /** Bytes of the disk that parts leave free; 0 unless told. */
  reserveBytes?: number;
}

/** A bucket in a folder. Every process of the region sees the same folder; nothing is remembered but open files. */
export class FileBucket extends Bucket {
  readonly #root: string;
  readonly #pool: BufferPool;
  readonly #files: OpenFiles;
  readonly #space: FreeSpace;
  /** Folders known to exist durably, with a descriptor to sync them. */
  readonly #folders = new Map<string, Promise<number>>();

  constructor(root: string, settings: FileBucketSettings = {}) {
    super();
    this.#root = root;
    this.#pool = settings.pool ?? new BufferPool();
    this.#files = new OpenFiles(settings.openFiles ?? 512);
    this.#space = new FreeSpace(() => freeBytes(root), { reserveBytes: settings.reserveBytes ?? 0 });
  }

  async openPart(uploadId: string, offset: number): Promise<PartWriter> {
    const path = this.#path(partKey(uploadId));
    return this.#guard(async () =>
      FilePartWriter.open({
        path,
        offset,
        size: await this.partSize(uploadId),
        directory: await this.#folder('parts'),
        space: this.#space,
      }),
    );
  }

  async partSize(uploadId: string): Promise<number | null> {
    return (await this.#stat(partKey(uploadId)))?.size ?? null;
  }

  async *readPart(uploadId: string, start: number, end: number): AsyncGenerator<Slice, void, undefined> {
    const fd = await openFile(this.#path(partKey(uploadId)), 'r');
    try {
      yield* readAhead(this.#pool, (bytes, position) => readAt(fd, bytes, position), start, end);
    } finally {
      await closeFile(fd);
    }
  }

  async deletePart(uploadId: string): Promise<boolean> {
    return this.#unlink(partKey(uploadId));
  }

  async *listParts(pageSize: number): AsyncGenerator<PartStat[], void, undefined> {
    const ids = (await this.#names('parts')).filter(isUploadId);
    for (let at = 0; at < ids.length; at += pageSize) {
      const page = ids.slice(at, at + pageSize);
      const stats = await Promise.all(page.map(async (uploadId) => ({ uploadId, found: await this.#stat(partKey(uploadId)) })));
      yield stats.flatMap(({ uploadId, found }) => (found ? [{ uploadId, ...found }] : []));
    }
  }

  async promote(uploadId: string, key: string): Promise<boolean> {
    const [from, to] = [this.#path(partKey(uploadId)), this.#path(requireKey(key))];
    return this.#guard(async () => {
      const folder = await this.#folder(key.slice(0, key.lastIndexOf('/')));
      try {
        // Onto an object that is there already, too: the same bytes, and damaged ones are mended by it.
        await rename(from, to);
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
      this.#files.forget(to);
      await syncDirectory(folder);
      return true;
    });
  }

  async open(key: string): Promise<ObjectReader | null> {
    const file = await this.#guard(() => this.#files.take(this.#path(requireKey(key))));
    return file && new FileReader(file, this.#files, this.#pool);
  }

  async stat(key: string): Promise<ObjectStat | null> {
    return this.#stat(requireKey(key));
  }

  async delete(key: string): Promise<boolean> {
    this.#files.forget(this.#path(requireKey(key)));
    return this.#unlink(key);
  }

  async list(after: string, limit: number): Promise<ObjectPage> {
    return listKeys((folder) => this.#names(folder), after, Math.min(limit, 1000));
  }

  async room(): Promise<number> {
    return this.#guard(async () => {
      await this.#folder('parts');
      return this.#space.left();
    });
  }

  async check(): Promise<void> {
    await this.#folder('parts').catch((error: unknown) => {
      const cause = bucketError(error);
      // A full disk can be read.
      if (!(cause instanceof BucketError) || cause.failure !== 'full') throw cause;
    });
    await access(this.#root, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw new BucketError('unavailable', `The folder ${this.#root} cannot be read and written.`, error);
    });
  }

  async close(): Promise<void> {
    this.#files.clear();
    const folders = [...this.#folders.values()];
    this.#folders.clear();
    await Promise.allSettled(folders.map(async (folder) => closeFile(await folder)));
  }

  #path(key: string): string {
    return join(this.#root, key);
  }

  /** Makes a folder, its parents durable too, once per process. */
  #folder(folder: string): Promise<number> {
    const known = this.#folders.get(folder);
    if (known) return known;
    const making = this.#makeFolder(folder);
    this.#folders.set(folder, making);
    making.catch(() => this.#folders.delete(folder));
    return making;
  }

  async #makeFolder(folder: string): Promise<number> {
    const path = this.#path(folder);
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) {
      for (let at = folder.length; at > 0; at = folder.lastIndexOf('/', at - 1))
        await syncPath(join(this.#path(folder.slice(0, at)), '..'));
    }
    return openFile(path, 'r');
  }

  async #stat(key: string): Promise<ObjectStat | null> {
    try {
      const { size, mtime } = await stat(this.#path(key));
      return { size, modifiedAt: mtime };
    } catch (error) {
      if (isMissing(error)) return null;
      throw bucketError(error);
    }
  }

  async #unlink(key: string): Promise<boolean> {
    try {
      await unlink(this.#path(key));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw bucketError(error);
    }
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(this.#path(folder));
    } catch (error) {
      if (isMissing(error)) return [];
      throw bucketError(error);
    }
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw bucketError(error);
    }
  }
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

async function syncPath(path: string): Promise<void> {
  const fd = await openFile(path, 'r');
  try {
    await syncDirectory(fd);
  } finally {
    await closeFile(fd);
  }
}

/** One reader of an open file; the descriptor is shared, the position is not. */
class FileReader implements ObjectReader {
  readonly size: number;
  readonly #file: OpenFile;
  readonly #files: OpenFiles;
  readonly #pool: BufferPool;
  #closed = false;

  constructor(file: OpenFile, files: OpenFiles, pool: BufferPool) {
    this.size = file.size;
    this.#file = file;
    this.#files = files;
    this.#pool = pool;
  }

  read(start = 0, end = this.size - 1): AsyncGenerator<Slice, void, undefined> {
    return readAhead(this.#pool, (bytes, position) => readAt(this.#file.fd, bytes, position), start, Math.min(end, this.size - 1));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#files.leave(this.#file);
  }
}
