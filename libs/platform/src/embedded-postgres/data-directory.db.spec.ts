import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noteSkip, scratchFolder } from '#lib/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { EmbeddedPostgresError } from './failure.js';

const asRoot = process.geteuid?.() === 0;
if (!asRoot) noteSkip('some cases of the embedded Postgres change the owner of files', 'run the tests as root');

describe('a folder that is not fit for the embedded Postgres', () => {
  let folder: Awaited<ReturnType<typeof scratchFolder>>;
  let directory: string;
  let data: string;

  beforeAll(async () => (folder = await scratchFolder()));
  afterAll(() => folder.remove());
  beforeEach(async () => {
    directory = join(await mkdtemp(join(folder.path, 'case-')), 'postgres');
    data = join(directory, 'data');
  });

  /** Starts on it and expects one clear sentence; nothing may be left claimed or changed. */
  async function refusal(): Promise<string> {
    const before = await readdir(data).catch(() => null);
    const error = await EmbeddedPostgres.start({ directory, startTimeoutSeconds: 10 }).then(
      async (postgres) => {
        await postgres.stop();
        throw new Error('It started.');
      },
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(EmbeddedPostgresError);
    expect(await readdir(data).catch(() => null)).toEqual(before);
    expect(await readdir(directory).catch(() => [])).not.toContain('owner');
    return (error as EmbeddedPostgresError).message;
  }

  /** Something that looks like a data directory from outside. */
  async function make(files: Record<string, string>): Promise<void> {
    await mkdir(join(data, 'global'), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(data, name), text);
    if (asRoot) await chown(data, 65_534, 65_534);
  }

  it('is refused when it is only half initialised', async () => {
    await make({ PG_VERSION: '18\n' });
    await expect(refusal()).resolves.toMatch(/only half initialised.*remove it and start again/);
    await rm(join(data, 'PG_VERSION'));
    await writeFile(join(data, 'global', 'pg_control'), '');
    await expect(refusal()).resolves.toMatch(/only half initialised/);
  });

  it('is refused when another version of Postgres made it', async () => {
    await make({ PG_VERSION: '15\n', 'global/pg_control': '' });
    await expect(refusal()).resolves.toMatch(/was made by Postgres 15, but this is Postgres 18.*Dump it/);
  });

  it('is refused when a file is in its place', async () => {
    await mkdir(directory);
    await writeFile(data, 'not a folder');
    await expect(refusal()).resolves.toContain('but it is a file');
    await rm(directory, { recursive: true });
    await writeFile(directory, 'not a folder');
    await expect(refusal()).resolves.toContain(`The folder ${directory} for the embedded Postgres cannot be used`);
  });

  it('is refused when the password is lost', async () => {
    await make({ PG_VERSION: '18\n', 'global/pg_control': '' });
    await expect(refusal()).resolves.toMatch(/password .* cannot be read .*Put .*password back from a backup/);
  });

  it('is refused with the end of the log when Postgres does not start on it', async () => {
    await make({ PG_VERSION: '18\n', 'global/pg_control': '' });
    await writeFile(join(directory, 'password'), 'secret');
    await expect(refusal()).resolves.toMatch(/^Postgres did not start: it ended at once\. The end of .*server\.log:\n.*\S/);
  });

  it.runIf(asRoot)('is refused when it is owned by somebody else', async () => {
    await make({ PG_VERSION: '18\n', 'global/pg_control': '' });
    await chown(data, 54_321, 54_321);
    await expect(refusal()).resolves.toMatch(/owned by somebody else \(uid 54321; this process is uid 0\)/);
    await chown(data, 0, 0);
    await expect(refusal()).resolves.toMatch(/owned by somebody else \(uid 0.*give it to the user who made it/);
  });

  it('is used when only an interrupted first start left something behind', async () => {
    await mkdir(join(directory, 'data.init-killed', 'data'), { recursive: true });
    const postgres = await EmbeddedPostgres.start({ directory, settings: { fsync: 'off' } });
    await postgres.stop();
    expect((await readdir(directory)).filter((name) => name.startsWith('data'))).toEqual(['data']);
  });
});
