import { Fault } from '#lib/domain';
import { type Bucket, BucketError, storageMetrics } from '#lib/platform';

/** An early answer, before bytes are sent: the bucket has room for so many, and is not full. */
export async function requireSpace(bucket: Bucket, bytes: number): Promise<void> {
  const room = await bucket.room();
  if (room <= 0 || bytes > room) throw new BucketError('full', `${bytes} bytes do not fit: there is room for ${Math.max(room, 0)}.`);
}

/** A failure of the bucket as clients are told. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof BucketError)) return error;
  if (error.failure !== 'full') return new Fault('ServiceUnavailable', 'The bucket of this region cannot be used now.', { cause: error });
  storageMetrics.full.inc();
  return new Fault('InsufficientStorage', 'No space is left for uploads in this region. Its operator must make some.', { cause: error });
}
