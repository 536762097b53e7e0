import type { Bucket } from '#lib/platform';
import type { Sessions } from './sessions.js';

/** Ends what nobody continues: sessions without a touch for so long, then parts whose session is gone. Safe to run anywhere, any number of times. */
export async function sweepUploads(sessions: Sessions, bucket: Bucket, region: string, idleSeconds: number): Promise<number> {
  let ended = 0;
  for (let ids = await sessions.expire(region, idleSeconds); ids.length > 0; ids = await sessions.expire(region, idleSeconds)) {
    for (const id of ids) await bucket.deletePart(id);
    ended += ids.length;
  }
  return ended + (await sweepParts(sessions, bucket, idleSeconds));
}

/** A part is older than its grace and no session knows it: a process died between the two deletions. */
async function sweepParts(sessions: Sessions, bucket: Bucket, idleSeconds: number): Promise<number> {
  const before = Date.now() - idleSeconds * 1000;
  let ended = 0;
  for await (const page of bucket.listParts(200)) {
    const old = page.filter((part) => part.modifiedAt.getTime() < before).map((part) => part.uploadId);
    const known = old.length > 0 ? await sessions.known(old) : new Set<string>();
    for (const id of old.filter((one) => !known.has(one))) {
      await bucket.deletePart(id);
      ended++;
    }
  }
  return ended;
}
