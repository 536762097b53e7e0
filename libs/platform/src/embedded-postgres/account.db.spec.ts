import { chown, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nobody, noteSkip, otherProcess, scratchFolder } from '#lib/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseAccount } from './account.js';
import { EmbeddedPostgres } from './embedded-postgres.js';

const asRoot = process.geteuid?.() === 0;
if (!asRoot) noteSkip('how the embedded Postgres drops the rights of root', 'run the tests as root');

describe('the user the embedded Postgres runs as', () => {
  let open: Awaited<ReturnType<typeof scratchFolder>>;
  let closed: Awaited<ReturnType<typeof scratchFolder>>;
  beforeAll(async () => {
    open = await scratchFolder();
    closed = await scratchFolder(0o700);
  });
  afterAll(async () => {
    await open.remove();
    await closed.remove();
  });

  it.runIf(asRoot)('is an unprivileged one when root starts it in a folder that everybody may enter', async () => {
    await works(join(open.path, 'by-root'));
  });

  it.runIf(asRoot)('is an unprivileged one when root starts it below a folder that only root may enter', async () => {
    await works(join(closed.path, 'postgres'));
    await works(join(closed.path, 'postgres')); // And again, on what it made.
  });

  it.runIf(asRoot)('is who owns the data already, where there is a choice', () => {
    const owner = nobody();
    expect(chooseAccount([open.path], owner.uid).uid).toBe(owner.uid);
    const withoutOwner = chooseAccount([open.path]);
    expect(withoutOwner.uid).not.toBe(0);
  });

  it.runIf(asRoot)('is whoever starts it, when that is not root', async () => {
    const home = await scratchFolder(0o700);
    await chown(home.path, nobody().uid, nobody().gid);
    const index = join(import.meta.dirname, 'index.ts');
    const user = otherProcess(
      `const { EmbeddedPostgres } = await load(${JSON.stringify(index)});
       const options = { directory: ${JSON.stringify(join(home.path, 'postgres'))}, settings: { fsync: 'off' } };
       const first = await EmbeddedPostgres.start(options);
       await first.stop();
       const second = await EmbeddedPostgres.start(options);
       say({ uid: process.getuid(), pid: second.pid, url: second.url('postgres'), samePort: first.port === second.port });
       process.on('SIGTERM', () => second.stop().then(() => process.exit()));`,
      { asNobody: true },
    );
    try {
      const { uid, pid, url, samePort } = await user.heard<{ uid: number; pid: number; url: string; samePort: boolean }>();
      expect(uid).toBe(nobody().uid);
      expect(samePort).toBe(true);
      expect(await uidsOf(pid)).toEqual(Array(4).fill(uid));
      await answers(url);
    } finally {
      await user.kill('SIGTERM');
      await home.remove();
    }
  });

  it.runIf(asRoot)('gets a clear error when it may not enter the folder', async () => {
    const user = otherProcess(
      `const { EmbeddedPostgres } = await load(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
       await EmbeddedPostgres.start({ directory: ${JSON.stringify(join(closed.path, 'not-ours'))} }).catch(({ name, message }) => say({ name, message }));`,
      { asNobody: true },
    );
    await expect(user.heard()).resolves.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringMatching(/The folder .* cannot be used: EACCES/),
    });
    await user.kill();
  });
});

/** Starts, asks, looks who runs it, stops. */
async function works(directory: string): Promise<void> {
  const postgres = await EmbeddedPostgres.start({ directory, settings: { fsync: 'off' } });
  try {
    const uids = await uidsOf(postgres.pid);
    expect(new Set(uids).size).toBe(1);
    expect(uids[0]).not.toBe(0);
    await answers(postgres.url('postgres'));
  } finally {
    await postgres.stop();
  }
}

/** Real, effective, saved and file-system uid of a process. */
async function uidsOf(pid: number): Promise<number[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return /^Uid:\s+(.*)$/m.exec(status)![1]!.split(/\s+/).map(Number);
}

async function answers(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT 1 AS one');
    expect(rows).toEqual([{ one: 1 }]);
  } finally {
    await client.end();
  }
}
