import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchFolder } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderInUse, FolderLock } from './folder-lock.js';

describe('the claim on a folder', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>;
  let file: string;
  beforeAll(async () => {
    folder = await scratchFolder();
    file = join(folder.path, 'owner');
  });
  afterAll(() => folder.remove());

  it('is given to one of many who ask at once', async () => {
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => FolderLock.take(file)));
    const won = claims.filter((claim) => claim.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect(claims.filter((claim) => claim.status === 'rejected' && claim.reason instanceof FolderInUse)).toHaveLength(19);
    await won[0]!.value.release();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is free again once let go, and says whether the last owner let go', async () => {
    const first = await FolderLock.take(file);
    expect(first.wasAbandoned).toBe(false);
    await first.release();
    await writeFile(file, JSON.stringify({ pid: process.pid, start: 'another time' }));
    const second = await FolderLock.take(file);
    expect(second.wasAbandoned).toBe(true);
    await second.release();
  });

  it('is not taken back from somebody else', async () => {
    const lock = await FolderLock.take(file);
    await writeFile(file, JSON.stringify({ pid: process.ppid, start: 'theirs' }));
    await lock.release();
    expect(await readdir(folder.path)).toEqual(['owner']);
  });
});
