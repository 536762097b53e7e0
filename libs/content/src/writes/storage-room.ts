import { Fault } from '#lib/domain';
import type { Queries } from '#lib/platform';

/** Shards per registry: concurrent pushes add to different rows and do not queue. */
export const usageShards = 16;

export function randomShard(): number {
  return Math.floor(Math.random() * usageShards);
}

/** Changes of one upload and of what becomes of it lock one shard, so that no two of them can wait for each other. */
export function shardOf(uploadId: string): number {
  return Number.parseInt(uploadId.at(-1)!, 16);
}

const usage = {
  name: 'content-usage',
  text: 'SELECT coalesce(sum(bytes), 0) AS bytes FROM content.usage_shards WHERE registry_id = $1',
};
const taken = {
  name: 'content-taken',
  text: 'SELECT coalesce(sum(bytes + open_bytes), 0) AS bytes FROM content.usage_shards WHERE registry_id = $1',
};

/** What a registry holds now: distinct blobs and manifests, in bytes. */
export async function usageBytes(queries: Queries, registryId: string): Promise<number> {
  const [row] = await queries.query<{ bytes: string }>(usage, [registryId]);
  return Number(row?.bytes ?? 0);
}

/** The same and what uploads under way have brought: what counts toward the limit. */
async function takenBytes(queries: Queries, registryId: string): Promise<number> {
  const [row] = await queries.query<{ bytes: string }>(taken, [registryId]);
  return Number(row?.bytes ?? 0);
}

/**
 * The storage limit is exact although nobody queues while there is room. Additions hold a lock of the registry: shared when they
 * see it at most half full and bring at most 1/2000 of the limit, so that even a thousand of them at once cannot pass the
 * limit together; alone otherwise, and then each one counts what all others committed. It is the last lock before commit.
 */
const hold = {
  name: 'content-room-hold',
  text: `SELECT shared, CASE WHEN shared THEN pg_advisory_xact_lock_shared(hashtextextended('content.usage/' || $1::text, 0))::text
                     ELSE pg_advisory_xact_lock(hashtextextended('content.usage/' || $1::text, 0))::text END AS held
         FROM (SELECT coalesce(sum(bytes + open_bytes), 0) + $2::bigint <= $3::bigint / 2 AND $2::bigint <= $3::bigint / 2000 AS shared
               FROM content.usage_shards WHERE registry_id = $1::uuid) AS room`,
};

/** How an addition holds the room of its registry. */
export type Room = 'unlimited' | 'ample' | 'scarce';

/** Sent before the statement that counts. */
export async function holdRoom(queries: Queries, registryId: string, size: number, limit: number | null): Promise<Room> {
  if (limit === null) return 'unlimited';
  const [row] = await queries.query<{ shared: boolean }>(hold, [registryId, size, limit]);
  return row?.shared ? 'ample' : 'scarce';
}

/**
 * Asked after the statement that counts: what the transaction itself added is in the sum. Ends the transaction when content was added
 * that does not fit; content the registry holds already always fits.
 */
export async function requireRoomAfter(
  queries: Queries,
  registryId: string,
  limit: number | null,
  room: Room,
  grew: boolean,
): Promise<void> {
  if (limit === null || room !== 'scarce' || !grew) return;
  if ((await takenBytes(queries, registryId)) > limit) throw storageLimitReached(limit);
}

/** An early answer, before bytes are sent: what is there and what is announced, without lock. */
export async function requireRoomFor(queries: Queries, registryId: string, size: number, limit: number | null): Promise<void> {
  if (limit === null) return;
  const used = await takenBytes(queries, registryId);
  if (used + size > limit || used >= limit) throw storageLimitReached(limit);
}

export function storageLimitReached(limit: number): Fault {
  return new Fault(
    'StorageLimitReached',
    `The registry has reached its storage limit of ${limit} bytes: delete content or change its SKU.`,
    {
      detail: { limit },
    },
  );
}
