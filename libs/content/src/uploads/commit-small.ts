import { algorithmOf, digestOf, hasDigest, requireDigest, type Digest } from '#lib/oci';
import type { PipelinedPool, Queries } from '#lib/platform';
import type { StoredBlob, UploadOwner } from '../types.js';
import { shareBlob } from '../writes/blob-rows.js';
import { linkAndCount, linkBlob } from '../writes/links.js';
import { shareRepository } from '../writes/repositories.js';
import { again } from '../writes/retry.js';
import { holdRoom, randomShard, requireRoomAfter, shardOf } from '../writes/storage-room.js';
import { free, type Sessions } from './sessions.js';

/** A blob that goes straight into the index: no part, no lease, one transaction. */
export interface SmallCommit {
  owner: UploadOwner;
  digest: Digest;
  /** The last bytes; what the session holds comes before them. */
  bytes: Buffer;
  /** Null for an upload without session. */
  sessionId: string | null;
  at: number | undefined;
  inlineLimit: number;
  storageLimit: number | null;
}

/** Null if the session holds too much for this, or is not free. Wrong digest: DigestInvalid, and nothing changed. */
export async function commitSmall(pool: PipelinedPool, sessions: Sessions, commit: SmallCommit): Promise<StoredBlob | null> {
  // By far the most pushes bring a new blob in one piece to a repository that exists.
  if (commit.bytes.length <= commit.inlineLimit && hasDigest(commit.bytes, commit.digest)) {
    const stored = await orNull(again(() => pool.tx((queries) => commitNew(queries, sessions, commit))));
    if (stored) return stored;
  }
  return orNull(again(() => pool.tx((queries) => commitAny(queries, sessions, commit))));
}

/**
 * Ends the session, stores, links and counts in one statement. The foreign keys of the new link take the locks that keep a collector away.
 * If there is nothing new to link, nothing holds a lock, and it is done again the long way.
 */
const storeNew = {
  name: 'content-small-new',
  text: `WITH taken AS (
           DELETE FROM content.upload_sessions
           WHERE id = $7::uuid AND registry_id = $1::uuid AND repository = $4::text AND principal_id = $8::text AND ${free}
             AND committing IS NULL AND received = 0 AND coalesce($9::bigint, 0) = 0 RETURNING id
         ), link_at (repository_id, digest, size) AS (
           SELECT r.id, $5::text, octet_length($6::bytea)::bigint FROM content.repositories r
           WHERE r.registry_id = $1::uuid AND r.name = $4::text AND ($7::uuid IS NULL OR EXISTS (SELECT FROM taken))
         ), stored AS (
           INSERT INTO content.blobs (digest, size, inline_bytes) SELECT digest, size, $6::bytea FROM link_at ON CONFLICT DO NOTHING
         ), ${linkAndCount}`,
};

async function commitNew(queries: Queries, { graceSeconds }: Sessions, commit: SmallCommit): Promise<StoredBlob> {
  const { owner, digest, bytes, sessionId, storageLimit } = commit;
  const { registryId, repository, principalId } = owner;
  const size = bytes.length;
  const values = [registryId, randomShard(), graceSeconds, repository, digest, bytes, sessionId, principalId, commit.at ?? null];
  const [room, [row]] = await Promise.all([
    holdRoom(queries, registryId, size, storageLimit),
    queries.query<{ linked: boolean; grew: boolean }>(storeNew, values),
  ]);
  if (!row?.linked) throw new NotThisWay();
  await requireRoomAfter(queries, registryId, storageLimit, room, row.grew);
  return { digest, size };
}

async function commitAny(queries: Queries, sessions: Sessions, commit: SmallCommit): Promise<StoredBlob> {
  const { owner, digest, sessionId, inlineLimit, storageLimit } = commit;
  const { registryId } = owner;
  if (sessionId === null && commit.bytes.length > inlineLimit) throw new NotThisWay();
  const [head, repositoryId] = await Promise.all([
    sessionId ? sessions.holdSmall(queries, owner, sessionId, commit.bytes.length, inlineLimit, commit.at) : Buffer.alloc(0),
    shareRepository(queries, owner),
  ]);
  if (head === null) throw new NotThisWay();
  const bytes = head.length > 0 ? Buffer.concat([head, commit.bytes]) : commit.bytes;
  requireDigest(digestOf(bytes, algorithmOf(digest)), digest);
  const size = bytes.length;
  await shareBlob(queries, digest, size, bytes);
  const shard = sessionId ? shardOf(sessionId) : randomShard();
  const link = { registryId, repositoryId, digest, size, shard, storageLimit, graceSeconds: sessions.graceSeconds };
  // What the session held becomes what the blob holds before the limit is looked at.
  await Promise.all([linkBlob(queries, link), sessionId ? sessions.remove(queries, sessionId) : null]);
  return { digest, size };
}

/** Rolls the transaction back: this upload takes another way. */
class NotThisWay extends Error {}

function orNull<T>(commit: Promise<T>): Promise<T | null> {
  return commit.catch((error: unknown) => {
    if (error instanceof NotThisWay) return null;
    throw error;
  });
}
