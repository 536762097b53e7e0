/** Why a bucket could not do what it was asked. */
export type BucketFailure = 'full' | 'unavailable' | 'damaged';

/** A failure of the store itself, not of the request: no space left, not reachable, or stored bytes that are not what they were. */
export class BucketError extends Error {
  readonly failure: BucketFailure;

  constructor(failure: BucketFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BucketError';
    this.failure = failure;
  }
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const unavailable = new Set(['EIO', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ESTALE', 'ENOTCONN', 'EHOSTDOWN', 'ETIMEDOUT']);

/** Gives an error of the file system its meaning; what has none is passed as it is. */
export function bucketError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code && full.has(code)) return new BucketError('full', 'No space is left in the bucket.', error);
  if (code && unavailable.has(code)) return new BucketError('unavailable', `The bucket cannot be used (${code}).`, error);
  return error;
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
}
