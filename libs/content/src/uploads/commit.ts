import { Fault } from '#lib/domain';
import { algorithmOf, DigestStream, type Digest } from '#lib/oci';
import { blobKey, type Bucket, type PipelinedPool, type Queries } from '#lib/platform';
import type { StoredBlob, UploadOwner } from '../types.js';
import { placeBlob, shareBlob } from '../writes/blob-rows.js';
import { linkBlob } from '../writes/links.js';
import { shareRepository } from '../writes/repositories.js';
import { again } from '../writes/retry.js';
import { shardOf } from '../writes/storage-room.js';
import type { LiveHashes } from './live-hashes.js';
import type { LeasedSession, Sessions } from './sessions.js';

/**
 * Makes a part a blob: its row and placement are held, then the bytes get their name, then all is committed. Dies it in between,
 * the bytes lie under their digest and no row says so; the session row still does (`committing`), and either the client's next
 * try or the collector finishes. The collector holds the same row before it deletes.
 */
export function commitPart(
  { pool, sessions, bucket }: { pool: PipelinedPool; sessions: Sessions; bucket: Bucket },
  {
    session,
    owner,
    digest,
    size,
    storageLimit,
  }: { session: LeasedSession; owner: UploadOwner; digest: Digest; size: number; storageLimit: number | null },
): Promise<StoredBlob> {
  const { registryId } = owner;
  return again(() =>
    pool.tx(async (queries) => {
      const [repositoryId, , ours] = await Promise.all([
        shareRepository(queries, owner),
        holdPlace(queries, digest, size, session.region),
        sessions.hold(queries, session),
      ]);
      if (!ours) throw new Fault('BlobUploadUnknown', 'The upload was cancelled or is continued by another request.');
      await promote(bucket, session.id, digest, size);
      const link = {
        registryId,
        repositoryId,
        digest,
        size,
        shard: shardOf(session.id),
        storageLimit,
        graceSeconds: sessions.graceSeconds,
      };
      // What the session held becomes what the blob holds before the limit is looked at.
      await Promise.all([linkBlob(queries, link), sessions.remove(queries, session.id)]);
      return { digest, size };
    }),
  );
}

async function holdPlace(queries: Queries, digest: Digest, size: number, region: string): Promise<void> {
  await Promise.all([shareBlob(queries, digest, size, null), placeBlob(queries, digest, region)]);
}

async function promote(bucket: Bucket, uploadId: string, digest: Digest, size: number): Promise<void> {
  if (await bucket.promote(uploadId, blobKey(digest))) return;
  // An earlier try came this far: the bytes were checked then.
  if ((await bucket.stat(blobKey(digest)))?.size === size) return;
  throw new Fault('BlobUploadUnknown', 'The bytes of this upload are gone: start again.');
}

/** The digest of a part: known from receiving it, or read again. */
export async function digestOfPart(bucket: Bucket, hashes: LiveHashes, uploadId: string, size: number, digest: Digest): Promise<Digest> {
  const algorithm = algorithmOf(digest);
  const live = size > 0 ? hashes.at(uploadId, size, algorithm) : null;
  if (live) {
    const known = await live.hash.digest().catch(() => null);
    if (known) return known;
  }
  const stream = new DigestStream(algorithm);
  for await (const slice of bucket.readPart(uploadId, 0, size - 1)) {
    stream.update(slice.bytes);
    slice.release();
  }
  return stream.digest();
}
