import { close, fdatasync, fsync, ftruncate, open, read, write } from 'node:fs';

// Callbacks on raw descriptors: measured faster than FileHandle, whose promises and bookkeeping cost more than a small read.

export function openFile(path: string, flags: string | number, mode = 0o600): Promise<number> {
  return new Promise((resolve, reject) => open(path, flags, mode, (error, fd) => (error ? reject(error) : resolve(fd))));
}

export function closeFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => close(fd, (error) => (error ? reject(error) : resolve())));
}

export function readAt(fd: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    read(fd, bytes, 0, bytes.length, position, (error, count) => (error ? reject(error) : resolve(count))),
  );
}

/** Writes all of it, however many calls that takes. */
export async function writeAt(fd: number, bytes: Buffer, length: number, position: number): Promise<void> {
  let done = 0;
  while (done < length) {
    done += await new Promise<number>((resolve, reject) =>
      write(fd, bytes, done, length - done, position + done, (error, count) => (error ? reject(error) : resolve(count))),
    );
  }
}

/** Data and size reach the disk. */
export function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())));
}

/** Names made or removed in a directory reach the disk. */
export function syncDirectory(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(fd, (error) => (error ? reject(error) : resolve())));
}

export function cutTo(fd: number, size: number): Promise<void> {
  return new Promise((resolve, reject) => ftruncate(fd, size, (error) => (error ? reject(error) : resolve())));
}
