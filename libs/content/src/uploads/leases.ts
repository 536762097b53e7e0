import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#lib/domain';
import type { UploadOwner } from '../types.js';
import { asFault } from './bucket-faults.js';
import { leaseSeconds, type LeasedSession, type Sessions } from './sessions.js';

/** Longer than a lease lives unrenewed: the lease of a process that died has expired by then. */
const patienceMs = (leaseSeconds + 2) * 1000;
/** A request that waits for a lease gives up after so many renewals: the holder is alive and still writes. */
const renewals = 2;

/** Runs `work` as the only one who writes to an upload; waits for another request that is about to end, or a process that died. */
export async function withLease<T>(
  sessions: Sessions,
  owner: UploadOwner,
  id: string,
  work: (session: LeasedSession) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  const lease = randomUUID();
  let seen: { lease: string | null; until: number } | null = null;
  let renewed = 0;
  for (;;) {
    const session = await sessions.lease(owner, id, lease);
    if (session) return release(sessions, session, work);
    const holder = await sessions.holder(owner, id);
    if (holder === null) throw unknownUpload();
    renewed = holder.lease !== seen?.lease ? 0 : holder.until > seen.until ? renewed + 1 : renewed;
    seen = holder;
    if (renewed === renewals || performance.now() > deadline) {
      throw new Fault('ServiceUnavailable', 'Another request writes to this upload. Try again when it has ended, and ask how far it came.');
    }
    await sleep(150);
  }
}

async function release<T>(sessions: Sessions, session: LeasedSession, work: (session: LeasedSession) => Promise<T>): Promise<T> {
  try {
    return await work(session);
  } catch (error) {
    throw asFault(error);
  } finally {
    // Not being able to give it back is no reason to fail what succeeded: it ends by itself.
    await sessions.release(session).catch(() => {});
  }
}

/** Said to whoever is not the owner, too: nobody learns what exists. */
export function unknownUpload(): Fault {
  return new Fault('BlobUploadUnknown', 'blob upload unknown to registry');
}

/** An id that is no id of ours names nothing: the same answer as for somebody else's. */
export function requireUploadId(id: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id)) return id;
  throw unknownUpload();
}
