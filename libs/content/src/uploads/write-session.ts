import { Fault } from '#lib/domain';
import { type Body, type Bucket, BucketError, type WriteSlots } from '#lib/platform';
import { takeIn } from './intake.js';
import type { LiveHashes } from './live-hashes.js';
import { leaseSeconds, type LeasedSession, type Sessions } from './sessions.js';
import type { Upkeep } from './upkeep.js';

export interface WriteTools {
  sessions: Sessions;
  upkeep: Upkeep;
  bucket: Bucket;
  slots: WriteSlots;
  hashes: LiveHashes;
  sizeLimit: number;
  /** Bytes the registry may hold. */
  storageLimit: number | null;
}

/** What came of a body: everything up to `size` is durable, also when it broke off. */
export interface Written {
  size: number;
  broken: { error: unknown } | null;
}

const renewEveryMs = (leaseSeconds * 1000) / 4;

/**
 * Writes a body behind what a leased session holds. While it runs, what arrived is made durable and noted every few seconds, which
 * also renews the lease: after a kill, a client loses at most those seconds. If the lease is lost, writing stops at once.
 */
export async function writeSession(session: LeasedSession, body: Body | null, tools: WriteTools): Promise<Written> {
  const { bucket, hashes, slots, sizeLimit, storageLimit, sessions, upkeep } = tools;
  const base = session.head ? 0 : session.received;
  const writer = await bucket.openPart(session.id, base);
  const lost = new AbortController();
  let renewedAt = performance.now();
  let acknowledged = base;
  let full = false;
  let durable = base;
  const lose = (error: unknown) => lost.abort(error);
  const sync = async () => void (durable = await upkeep.sync(writer));
  const renew = async () => {
    const upTo = durable;
    // What grows is counted toward what the registry may hold.
    const grows = upTo > acknowledged;
    const kept = await (grows ? sessions.renew(session, upTo, session.committing, storageLimit) : upkeep.keep(session));
    if (!kept) throw leaseLost();
    acknowledged = upTo;
    renewedAt = performance.now();
  };
  let syncing: Promise<void> | null = null;
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // A process that slept through its lease must not write one byte more: another may have taken over.
    if (performance.now() - renewedAt > leaseSeconds * 900) return lose(leaseLost());
    if (writer.offset > durable)
      syncing ??= sync()
        .catch(lose)
        .finally(() => (syncing = null));
    renewing = renewing.then(renew).catch(lose);
  }, renewEveryMs);
  let broken: Written['broken'] = null;
  try {
    await takeIn(body ?? nothing, session.head, {
      slots,
      writer,
      hash: hashes.at(session.id, base, session.algorithm),
      sizeLimit,
      signal: lost.signal,
    }).catch((error: unknown) => (broken = { error }));
    lost.signal.throwIfAborted();
    // Nobody waits for the answer of a body that broke off, and many may do so at once.
    return { size: broken ? await upkeep.sync(writer) : await writer.flush(), broken };
  } catch (error) {
    hashes.forget(session.id);
    full = error instanceof BucketError && error.failure === 'full';
    throw error;
  } finally {
    clearInterval(timer);
    await renewing;
    await syncing;
    await writer.close();
    if (full) await giveBack(bucket, session.id, acknowledged).catch(() => {});
  }
}

/** No more bytes. */
const nothing: Body = {
  beginning: async () => ({ bytes: Buffer.alloc(0), ended: true, broken: null }),
  next: async () => null,
  close: () => {},
};

/** On a full disk the part keeps only what the client was told of: the rest is of use to others. */
async function giveBack(bucket: Bucket, id: string, acknowledged: number): Promise<void> {
  if (acknowledged === 0) await bucket.deletePart(id);
  else await (await bucket.openPart(id, acknowledged)).close();
}

function leaseLost(): Fault {
  return new Fault('BlobUploadUnknown', 'The upload was cancelled or is continued by another request.');
}
