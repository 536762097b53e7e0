import { Fault } from '#lib/domain';
import type { Digest, DigestAlgorithm } from '#lib/oci';
import type { PipelinedPool, Queries } from '#lib/platform';
import type { StoredBlob, UploadOwner } from '../types.js';
import { again } from '../writes/retry.js';
import { restartGrace, defaultGraceSeconds, dueAfter } from '../writes/reviews.js';
import { holdRoom, requireRoomAfter } from '../writes/storage-room.js';

/** A lease not renewed for this long is nobody's: its process is gone. */
export const leaseSeconds = 10;

/** What the holder of a lease knows of its session. */
export interface LeasedSession {
  id: string;
  registryId: string;
  lease: string;
  region: string;
  received: number;
  /** All bytes so far if they lie in the row, null if they are a part in the bucket. */
  head: Buffer | null;
  algorithm: DigestAlgorithm;
  committing: string | null;
}

const ownedBy = 'id = $1 AND registry_id = $2 AND repository = $3 AND principal_id = $4';
/** What any process may take over. */
export const free = '(leased_until IS NULL OR leased_until < now())';
const review = (grace: string) => `review AS (
  INSERT INTO content.blob_reviews (digest, region, due_at, reason)
  SELECT DISTINCT committing, region, ${dueAfter(grace)}, 'upload-ended' FROM gone WHERE committing IS NOT NULL
  ${restartGrace('blob_reviews')})`;

/** Uploads one principal may have open in one registry. */
const mostSessions = 10_000;

const statements = {
  // A session lost in a crash of the database costs a client one new POST: not worth a wait for the disk.
  start: `WITH open AS (
            SELECT count(*) AS mine FROM (
              SELECT FROM content.upload_sessions WHERE registry_id = $2::uuid AND principal_id = $4::text LIMIT ${mostSessions}) AS own
          ), made AS (
            INSERT INTO content.upload_sessions (id, registry_id, repository, principal_id, region, algorithm)
            SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text FROM set_config('synchronous_commit', 'off', true), open,
              (SELECT coalesce(sum(bytes + open_bytes), 0) AS taken FROM content.usage_shards WHERE registry_id = $2::uuid AND $7::bigint IS NOT NULL) AS room
            WHERE mine < ${mostSessions}
              AND ($7::bigint IS NULL OR (taken < $7::bigint AND taken + $8::bigint <= $7::bigint)) RETURNING id
          ) SELECT mine >= ${mostSessions} AS many, EXISTS (SELECT FROM made) AS made FROM open`,
  linkedSince: `SELECT b.size FROM content.repositories r JOIN content.repository_blobs l ON l.repository_id = r.id
                 JOIN content.blobs b ON b.digest = l.digest
                 WHERE r.registry_id = $1 AND r.name = $2 AND l.digest = $3 AND l.created_at >= $4`,
  holder: `SELECT lease, coalesce(extract(epoch FROM leased_until), 0)::float8 AS until FROM content.upload_sessions WHERE ${ownedBy}`,
  received: `SELECT received FROM content.upload_sessions WHERE ${ownedBy}`,
  // Few bytes need no lease: one statement checks and appends.
  appendSmall: `UPDATE content.upload_sessions
                SET head = coalesce(head, '') || $5::bytea, received = received + octet_length($5::bytea), touched_at = now()
                WHERE ${ownedBy} AND ${free} AND committing IS NULL AND received = coalesce(octet_length(head), 0)
                  AND received + octet_length($5::bytea) <= $6 AND ($7::bigint IS NULL OR received = $7) RETURNING received`,
  holdSmall: `SELECT head FROM content.upload_sessions
              WHERE ${ownedBy} AND ${free} AND committing IS NULL AND received = coalesce(octet_length(head), 0)
                AND received + $5 <= $6 AND ($7::bigint IS NULL OR received = $7) FOR UPDATE`,
  lease: `UPDATE content.upload_sessions
          SET lease = $5, leased_until = now() + make_interval(secs => ${leaseSeconds}), touched_at = now()
          WHERE ${ownedBy} AND ${free} RETURNING region, received, head, algorithm, committing`,
  renew: `UPDATE content.upload_sessions
          SET received = greatest(received, $3::bigint), head = CASE WHEN $3::bigint >= received THEN NULL ELSE head END,
              leased_until = now() + make_interval(secs => ${leaseSeconds}), touched_at = now(), committing = $4
          WHERE id = $1 AND lease = $2 RETURNING id`,
  keep: `UPDATE content.upload_sessions AS s
         SET leased_until = now() + make_interval(secs => ${leaseSeconds}), touched_at = now()
         FROM unnest($1::uuid[], $2::uuid[]) AS held (id, lease) WHERE s.id = held.id AND s.lease = held.lease RETURNING s.id`,
  release: `UPDATE content.upload_sessions SET lease = NULL, leased_until = NULL, touched_at = now()
            WHERE id = $1 AND lease = $2 RETURNING id`,
  hold: 'SELECT id FROM content.upload_sessions WHERE id = $1 AND lease = $2 FOR UPDATE',
  remove: 'DELETE FROM content.upload_sessions WHERE id = $1',
  giveUp: `WITH gone AS (DELETE FROM content.upload_sessions WHERE id = $1 RETURNING committing, region), ${review('$2')} SELECT region FROM gone`,
  cancel: `WITH gone AS (DELETE FROM content.upload_sessions WHERE ${ownedBy} RETURNING committing, region), ${review('$5')} SELECT region FROM gone`,
  expire: `WITH gone AS (
             DELETE FROM content.upload_sessions WHERE id IN (
               SELECT id FROM content.upload_sessions WHERE region = $1 AND touched_at < now() - make_interval(secs => $2) AND ${free}
               ORDER BY touched_at LIMIT 200 FOR UPDATE SKIP LOCKED)
             RETURNING id, committing, region), ${review('$3')} SELECT id FROM gone`,
  known: 'SELECT id FROM content.upload_sessions WHERE id = ANY ($1::uuid[])',
} as const;

function statement(name: keyof typeof statements): { name: string; text: string } {
  return { name: `content-session-${name}`, text: statements[name] };
}

/** When the session with this id began: its first 48 bits are milliseconds (RFC 9562, 5.7). Null for an id of another kind. */
function beginOf(id: string): Date | null {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id) ?? [];
  return high === undefined ? null : new Date(Number.parseInt(`${high}${low}`, 16));
}

function owned(owner: UploadOwner, id: string): unknown[] {
  return [id, owner.registryId, owner.repository, owner.principalId];
}

/** The rows of `upload_sessions`. Every question a client can ask carries its owner: to anybody else the session does not exist. */
export class Sessions {
  readonly #pool: PipelinedPool;

  constructor(
    pool: PipelinedPool,
    /** How long the collector waits with what a session or a link of this process lets go. */
    readonly graceSeconds: number = defaultGraceSeconds,
  ) {
    this.#pool = pool;
  }

  /** False if the registry has no room for what is announced. */
  async start(
    owner: UploadOwner,
    session: { id: string; region: string; algorithm: DigestAlgorithm; storageLimit: number | null; size: number },
  ): Promise<boolean> {
    const { id, region, algorithm, storageLimit, size } = session;
    const values = [...owned(owner, id), region, algorithm, storageLimit, size];
    const [row] = await this.#pool.query<{ many: boolean; made: boolean }>(statement('start'), values);
    if (row?.many) throw new Fault('TooManyRequests', `One identity may have ${mostSessions} uploads open: finish or cancel some.`);
    return row?.made ?? false;
  }

  async received(owner: UploadOwner, id: string): Promise<number | null> {
    const [row] = await this.#pool.query<{ received: string }>(statement('received'), owned(owner, id));
    return row ? Number(row.received) : null;
  }

  /** A blob that this repository linked since a session began; null also where the id does not say when that was. */
  async linkedSince({ registryId, repository }: UploadOwner, id: string, digest: Digest): Promise<StoredBlob | null> {
    const began = beginOf(id);
    if (!began) return null;
    const [row] = await this.#pool.query<{ size: string }>(statement('linkedSince'), [registryId, repository, digest, began]);
    return row ? { digest, size: Number(row.size) } : null;
  }

  /** Who writes now and until when, null if there is no such session. */
  async holder(owner: UploadOwner, id: string): Promise<{ lease: string | null; until: number } | null> {
    const [row] = await this.#pool.query<{ lease: string | null; until: number }>(statement('holder'), owned(owner, id));
    return row ?? null;
  }

  /** Appends to the bytes in the row; null if it is not that simple. */
  async appendSmall(
    owner: UploadOwner,
    id: string,
    bytes: Buffer,
    { inlineLimit, at, storageLimit }: { inlineLimit: number; at: number | undefined; storageLimit: number | null },
  ): Promise<number | null> {
    const values = [...owned(owner, id), bytes, inlineLimit, at ?? null];
    const append = (queries: Queries) => queries.query<{ received: string }>(statement('appendSmall'), values);
    const [row] = await this.#grow(owner.registryId, bytes.length, storageLimit, append);
    return row ? Number(row.received) : null;
  }

  /** Holds a session whose bytes, with `length` more, fit the row, to the end of the transaction; its bytes. Null if it is not that simple. */
  async holdSmall(queries: Queries, owner: UploadOwner, id: string, length: number, limit: number, at?: number): Promise<Buffer | null> {
    const values = [...owned(owner, id), length, limit, at ?? null];
    const [row] = await queries.query<{ head: Buffer | null }>(statement('holdSmall'), values);
    return row ? (row.head ?? Buffer.alloc(0)) : null;
  }

  /** Null if somebody else writes now, or the session is unknown. */
  async lease(owner: UploadOwner, id: string, lease: string): Promise<LeasedSession | null> {
    const [row] = await this.#pool.query<Omit<LeasedSession, 'id' | 'registryId' | 'lease' | 'received'> & { received: string }>(
      statement('lease'),
      [...owned(owner, id), lease],
    );
    return row ? { ...row, id, registryId: owner.registryId, lease, received: Number(row.received) } : null;
  }

  /** Writes how much is durable and keeps the lease; false if it is lost. Fault StorageLimitReached if the registry may not hold it. */
  async renew(session: LeasedSession, received: number, committing: string | null, storageLimit: number | null): Promise<boolean> {
    const { id, registryId, lease } = session;
    const renew = (queries: Queries) => queries.query(statement('renew'), [id, lease, received, committing]);
    return (await this.#grow(registryId, received - session.received, storageLimit, renew)).length > 0;
  }

  /** Keeps the leases of sessions that have not grown; the ids of those whose lease is not lost. */
  async keep(held: readonly LeasedSession[]): Promise<Set<string>> {
    const columns = [held.map(({ id }) => id), held.map(({ lease }) => lease)];
    return new Set((await this.#pool.query<{ id: string }>(statement('keep'), columns)).map(({ id }) => id));
  }

  async release(session: LeasedSession): Promise<void> {
    await this.#pool.query(statement('release'), [session.id, session.lease]);
  }

  /** Holds the session to the end of the transaction; false if the lease is lost. */
  async hold(queries: Queries, session: LeasedSession): Promise<boolean> {
    return (await queries.query(statement('hold'), [session.id, session.lease])).length > 0;
  }

  /** Ends a session that this transaction holds. */
  async remove(queries: Queries, id: string): Promise<void> {
    await queries.query(statement('remove'), [id]);
  }

  /** Ends a session that leads nowhere. Bytes that may lie under their digest already are reviewed. */
  async giveUp(id: string): Promise<void> {
    await again(() => this.#pool.query(statement('giveUp'), [id, this.graceSeconds]));
  }

  /** The region of the session that was cancelled, null if it is unknown. */
  async cancel(owner: UploadOwner, id: string): Promise<string | null> {
    const values = [...owned(owner, id), this.graceSeconds];
    const [row] = await again(() => this.#pool.query<{ region: string }>(statement('cancel'), values));
    return row?.region ?? null;
  }

  /** Ends up to 200 sessions of a region nobody touched for so long; their ids. */
  async expire(region: string, idleSeconds: number): Promise<string[]> {
    const values = [region, idleSeconds, this.graceSeconds];
    return (await again(() => this.#pool.query<{ id: string }>(statement('expire'), values))).map((row) => row.id);
  }

  /** Which of these ids are sessions. */
  async known(ids: readonly string[]): Promise<Set<string>> {
    return new Set((await this.#pool.query<{ id: string }>(statement('known'), [ids])).map((row) => row.id));
  }

  /** Runs the statement that adds bytes to a session: with what they add, the registry must not hold more than it may. */
  async #grow<R extends object>(
    registryId: string,
    bytes: number,
    storageLimit: number | null,
    add: (queries: Queries) => Promise<R[]>,
  ): Promise<R[]> {
    if (storageLimit === null || bytes <= 0) return add(this.#pool);
    return again(() =>
      this.#pool.tx(async (queries) => {
        const [room, rows] = await Promise.all([holdRoom(queries, registryId, bytes, storageLimit), add(queries)]);
        await requireRoomAfter(queries, registryId, storageLimit, room, rows.length > 0);
        return rows;
      }),
    );
  }
}
