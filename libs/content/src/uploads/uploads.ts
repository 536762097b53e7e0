import { randomUUIDv7 } from 'node:crypto';
import { Fault, isFault } from '#lib/domain';
import { algorithmOf, requireDigest, type Digest, type DigestAlgorithm } from '#lib/oci';
import { type Beginning, type Body, type Bucket, type PipelinedPool, WriteSlots } from '#lib/platform';
import type { StoredBlob, UploadOwner, UploadStatus } from '../types.js';
import { requireRoomFor, storageLimitReached } from '../writes/storage-room.js';
import { asFault, requireSpace } from './bucket-faults.js';
import { commitPart, digestOfPart } from './commit.js';
import { commitSmall } from './commit-small.js';
import { HashThread } from './hash-thread.js';
import { beginningOf } from './intake.js';
import { LiveHashes } from './live-hashes.js';
import { requireUploadId, unknownUpload, withLease } from './leases.js';
import { Sessions, type LeasedSession } from './sessions.js';
import { sweepUploads } from './sweep.js';
import { Upkeep } from './upkeep.js';
import { writeSession, type Written } from './write-session.js';

export interface UploadsSettings {
  pool: PipelinedPool;
  /** The region this process serves: where uploads begun here lie. */
  region: string;
  buckets: ReadonlyMap<string, Bucket>;
  /** Blobs of at most so many bytes live in the index; 64 KiB unless told. */
  inlineLimit?: number;
  /** Memory for bytes on their way to the disk; 16 slots of 1 MiB unless told. */
  slots?: WriteSlots;
  /** How long the collector waits with bytes that an upload leaves behind; an hour unless told. */
  graceSeconds?: number;
}

export interface AppendOptions {
  /** Where the body begins (Content-Range); must be the offset of the upload. */
  at?: number | undefined;
  /** Content-Length, if known. */
  length?: number | undefined;
  /** Bytes the registry may hold: checked as soon as `length` is known. */
  storageLimit?: number | null;
  /** Bytes one blob may have. */
  sizeLimit?: number;
}

export interface CommitOptions extends AppendOptions {
  storageLimit: number | null;
  /** The last piece, if there is one. */
  body?: Body | undefined;
}

/**
 * Blobs on their way in. A session may be continued by any process; one writes at a time. A body that breaks off keeps what
 * arrived. Bodies are read to the end or left; closing them is up to the caller. Faults are those of the data plane.
 */
export class Uploads {
  readonly #pool: PipelinedPool;
  readonly #region: string;
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #inlineLimit: number;
  readonly #slots: WriteSlots;
  readonly #thread: HashThread;
  readonly #hashes: LiveHashes;
  readonly #sessions: Sessions;
  readonly #upkeep: Upkeep;

  constructor(settings: UploadsSettings) {
    this.#pool = settings.pool;
    this.#region = settings.region;
    this.#buckets = settings.buckets;
    this.#inlineLimit = settings.inlineLimit ?? 64 * 1024;
    this.#slots = settings.slots ?? new WriteSlots();
    this.#thread = new HashThread(this.#slots.memory);
    this.#hashes = new LiveHashes(this.#thread);
    this.#sessions = new Sessions(settings.pool, settings.graceSeconds);
    this.#upkeep = new Upkeep(this.#sessions);
  }

  /** Begins a session. What is announced, if anything, must fit the bucket and what the registry may hold. */
  async start(
    owner: UploadOwner,
    options: { storageLimit: number | null; declaredSize?: number | undefined; algorithm?: DigestAlgorithm | undefined },
  ): Promise<UploadStatus> {
    const { storageLimit, declaredSize = 0, algorithm = 'sha256' } = options;
    const id = randomUUIDv7(); // Says when it began: see `commit`.
    const bucket = this.#buckets.get(this.#region);
    if (bucket) {
      await requireSpace(bucket, declaredSize).catch((error: unknown) => {
        throw asFault(error);
      });
    }
    const room = { storageLimit, size: declaredSize };
    if (!(await this.#sessions.start(owner, { id, region: this.#region, algorithm, ...room })))
      throw storageLimitReached(storageLimit ?? 0);
    return { id, offset: 0 };
  }

  /** How much is durably received. Fault BlobUploadUnknown to anybody but the owner. */
  async status(owner: UploadOwner, id: string): Promise<UploadStatus> {
    const offset = await this.#sessions.received(owner, requireUploadId(id));
    if (offset === null) throw unknownUpload();
    return { id, offset };
  }

  /** Appends a body. `at` other than the offset is RangeInvalid with `detail.offset`. If the body breaks off, its error is thrown on. */
  async append(owner: UploadOwner, id: string, body: Body, options: AppendOptions = {}): Promise<UploadStatus> {
    requireUploadId(id);
    const { storageLimit = null, at } = options;
    const beginning = await beginningOf(body, this.#inlineLimit);
    if (beginning.ended) {
      const small = { inlineLimit: this.#inlineLimit, at, storageLimit };
      const offset = await this.#sessions.appendSmall(owner, id, beginning.bytes, small).catch((error: unknown) => this.#failed(id, error));
      if (offset !== null && beginning.broken) throw beginning.broken.error;
      if (offset !== null) return { id, offset };
    }
    return withLease(this.#sessions, owner, id, async (session) => {
      requirePart(session, await this.#bucket(session).partSize(id));
      const { size, broken } = await this.#write(owner, session, body, options);
      await this.#renew(session, size, session.committing, storageLimit);
      if (broken) throw broken.error;
      return { id, offset: size };
    });
  }

  /**
   * The closing PUT. With a wrong digest nothing becomes visible and the session is over. Where an earlier answer was lost, the session
   * is gone and its blob was linked here since the session began: that is the same success.
   */
  async commit(owner: UploadOwner, id: string, digest: Digest, options: CommitOptions): Promise<StoredBlob> {
    return this.#commit(owner, id, digest, options).catch(async (error: unknown) => {
      const stored = isFault(error, 'BlobUploadUnknown') ? await this.#sessions.linkedSince(owner, id, digest) : null;
      if (!stored) throw error;
      return stored;
    });
  }

  async #commit(owner: UploadOwner, id: string, digest: Digest, options: CommitOptions): Promise<StoredBlob> {
    requireUploadId(id);
    const beginning = options.body ? await beginningOf(options.body, this.#inlineLimit) : nothing;
    if (beginning.ended && !beginning.broken) {
      const small = { owner, digest, bytes: beginning.bytes, sessionId: id, at: options.at, storageLimit: options.storageLimit };
      const stored = await commitSmall(this.#pool, this.#sessions, { ...small, inlineLimit: this.#inlineLimit }).catch((error) =>
        this.#failed(id, error),
      );
      if (stored) return stored;
    }
    return withLease(this.#sessions, owner, id, (session) => this.#commitLarge(owner, session, digest, options));
  }

  /** A whole blob in one request. Small ones need no session and no file. */
  async put(owner: UploadOwner, digest: Digest, body: Body, options: Omit<CommitOptions, 'body' | 'at'>): Promise<StoredBlob> {
    const beginning = await beginningOf(body, this.#inlineLimit);
    if (beginning.broken) throw beginning.broken.error;
    const { inlineLimit, storageLimit } = { inlineLimit: this.#inlineLimit, storageLimit: options.storageLimit };
    if (beginning.ended && beginning.bytes.length <= inlineLimit) {
      const small = { owner, digest, bytes: beginning.bytes, sessionId: null, at: undefined, inlineLimit, storageLimit };
      return (await commitSmall(this.#pool, this.#sessions, small))!;
    }
    const { id } = await this.start(owner, { storageLimit, declaredSize: options.length, algorithm: algorithmOf(digest) });
    return withLease(this.#sessions, owner, id, (session) => this.#commitLarge(owner, session, digest, { ...options, body })).catch(
      async (error) => {
        await this.#drop(id, this.#region); // Nobody knows the id: there is nothing to resume.
        throw error;
      },
    );
  }

  /** Ends a session and frees its bytes at once. */
  async cancel(owner: UploadOwner, id: string): Promise<void> {
    const region = await this.#sessions.cancel(owner, requireUploadId(id));
    if (region === null) throw unknownUpload();
    this.#hashes.forget(id);
    await this.#buckets.get(region)?.deletePart(id);
  }

  /** Ends sessions of this region nobody touched for `idleSeconds`, and parts that lost their session; says how many. */
  async sweepExpired(idleSeconds: number): Promise<number> {
    const bucket = this.#buckets.get(this.#region);
    return bucket ? sweepUploads(this.#sessions, bucket, this.#region, idleSeconds) : 0;
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }

  async #commitLarge(owner: UploadOwner, session: LeasedSession, digest: Digest, options: CommitOptions): Promise<StoredBlob> {
    const bucket = this.#bucket(session);
    const { id } = session;
    const { storageLimit } = options;
    // An earlier try died after the bytes got their name: they were checked then, and only the rows are missing.
    const done = session.committing === digest && session.received > 0 && (await bucket.partSize(id)) === null;
    let size = session.received;
    if (!done) {
      requirePart(session, await bucket.partSize(id));
      const written = await this.#write(
        owner,
        { ...session, algorithm: this.#algorithmFor(session, digest) },
        options.body ?? null,
        options,
      );
      size = written.size;
      if (written.broken) {
        await this.#renew(session, size, session.committing, storageLimit);
        throw written.broken.error;
      }
      try {
        requireDigest(await digestOfPart(bucket, this.#hashes, id, size, digest), digest);
      } catch (error) {
        await this.#failed(id, error, session.region);
      }
    }
    this.#hashes.forget(id);
    await this.#renew(session, size, digest, storageLimit);
    return commitPart({ pool: this.#pool, sessions: this.#sessions, bucket }, { session, owner, digest, size, storageLimit }).catch(
      (error) => this.#failed(id, error, session.region),
    );
  }

  /** While nothing was hashed yet, the digest to come decides how to. */
  #algorithmFor(session: LeasedSession, digest: Digest): DigestAlgorithm {
    return session.received === 0 || session.head ? algorithmOf(digest) : session.algorithm;
  }

  async #write(owner: UploadOwner, session: LeasedSession, body: Body | null, options: AppendOptions): Promise<Written> {
    if (options.at !== undefined && options.at !== session.received) {
      throw new Fault('RangeInvalid', `The upload goes on at byte ${session.received}.`, { detail: { offset: session.received } });
    }
    const { length, storageLimit = null } = options;
    const bucket = this.#bucket(session);
    if (length !== undefined) {
      await requireRoomFor(this.#pool, owner.registryId, length, storageLimit);
      await requireSpace(bucket, length);
    }
    return writeSession(session, body, {
      sessions: this.#sessions,
      upkeep: this.#upkeep,
      bucket,
      slots: this.#slots,
      hashes: this.#hashes,
      sizeLimit: options.sizeLimit ?? Number.MAX_SAFE_INTEGER,
      storageLimit,
    }).catch((error: unknown) => this.#failed(session.id, error, session.region));
  }

  async #renew(session: LeasedSession, size: number, committing: Digest | string | null, storageLimit: number | null): Promise<void> {
    const ours = await this.#sessions
      .renew(session, size, committing, storageLimit)
      .catch((error: unknown) => this.#failed(session.id, error, session.region));
    if (!ours) throw unknownUpload();
  }

  /** A wrong digest or a full registry ends the session; anything else leaves it to be tried again. */
  async #failed(id: string, error: unknown, region?: string): Promise<never> {
    if (isFault(error, 'DigestInvalid') || isFault(error, 'StorageLimitReached')) await this.#drop(id, region);
    throw error;
  }

  async #drop(id: string, region?: string): Promise<void> {
    this.#hashes.forget(id);
    await this.#sessions.giveUp(id);
    if (region !== undefined) await this.#buckets.get(region)?.deletePart(id);
  }

  #bucket({ region }: LeasedSession): Bucket {
    const bucket = this.#buckets.get(region);
    if (!bucket) throw new Fault('ServiceUnavailable', `This process cannot reach the bucket of ${region}.`);
    return bucket;
  }
}

const nothing: Beginning = { bytes: Buffer.alloc(0), ended: true, broken: null };

function requirePart(session: LeasedSession, size: number | null): void {
  if (session.head === null && session.received > (size ?? 0)) throw unknownUpload();
}
