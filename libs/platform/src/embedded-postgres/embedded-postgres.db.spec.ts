import { execFileSync, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { otherProcess, scratchFolder } from '#lib/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedPostgres } from './embedded-postgres.js';
import { isAlive, waitUntil } from './processes.js';

/** Quick rather than safe against a power cut: that is Postgres's own business. */
const settings = { fsync: 'off', max_connections: '20' };

describe('the embedded Postgres', () => {
  let seed: Awaited<ReturnType<typeof scratchFolder>>;
  let folder: Awaited<ReturnType<typeof scratchFolder>>;
  let directory: string;
  const running: EmbeddedPostgres[] = [];

  // Made once and copied for every test: initdb takes its time.
  beforeAll(async () => {
    seed = await scratchFolder();
    await (await EmbeddedPostgres.start({ directory: join(seed.path, 'postgres'), settings })).stop();
  });
  afterAll(() => seed.remove());
  beforeEach(async () => {
    folder = await scratchFolder();
    directory = join(folder.path, 'postgres');
    execFileSync('cp', ['-a', join(seed.path, 'postgres'), directory]);
  });
  afterEach(async () => {
    for (const postgres of running.splice(0)) await postgres.stop();
    await folder.remove();
  });

  async function start(port?: number): Promise<EmbeddedPostgres> {
    const postgres = await EmbeddedPostgres.start({ directory, settings, ...(port === undefined ? {} : { port }) });
    running.push(postgres);
    return postgres;
  }

  it('keeps its data, its port and its password from start to start', async () => {
    const first = await start();
    const url = await first.ensureDatabase('regatta');
    await run(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(second.url('regatta')).toBe(url);
    expect(await second.ensureDatabase('regatta')).toBe(url);
    await expect(run(url, 'SELECT answer FROM kept')).resolves.toEqual([{ answer: 42 }]);
  });

  it('lets nobody in without the password, and listens on the loopback address only', async () => {
    const postgres = await start();
    const wrong = new URL(postgres.url('postgres'));
    wrong.password = 'guess';
    await expect(run(wrong.toString(), 'SELECT 1')).rejects.toThrow('password authentication failed');
    await expect(run(postgres.url('postgres'), 'SHOW listen_addresses')).resolves.toEqual([{ listen_addresses: '127.0.0.1' }]);
    await expect(run(postgres.url('postgres'), 'SHOW unix_socket_directories')).resolves.toEqual([{ unix_socket_directories: '' }]);
  });

  it('takes another port when somebody else listens on its own meanwhile', async () => {
    const first = await start();
    await first.stop();
    const squatter = await listenOn(first.port);
    try {
      const second = await start();
      expect(second.port).not.toBe(first.port);
      await expect(run(second.url('postgres'), 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    } finally {
      squatter.close();
    }
  });

  it('says so when the port it was told to use is taken, and can be started afterwards', async () => {
    const squatter = await listenOn(0);
    const { port } = squatter.address() as { port: number };
    try {
      await expect(start(port)).rejects.toThrow(/Postgres did not start[\s\S]*Address already in use/);
    } finally {
      squatter.close();
    }
    await expect(start()).resolves.toBeInstanceOf(EmbeddedPostgres);
  });

  it('tells when the server dies, and the next start recovers what was committed', async () => {
    const first = await start();
    await run(first.url('postgres'), 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    await first.stop();
    const second = await start();
    await expect(run(second.url('postgres'), 'SELECT answer FROM kept')).resolves.toEqual([{ answer: 42 }]);
  });

  it('starts when the last server was killed and nobody has asked after it yet', async () => {
    const killed = await start();
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    await killed.stop();
    // Of the same user as Postgres, who could not see a stranger's. The shell never waits for its first child.
    const { uid, gid } = await stat(join(directory, 'data'));
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'], uid, gid });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(line.toString());
      expect(await waitUntil(() => !isAlive(zombie), 5_000)).toBe(true);
      const file = join(directory, 'data', 'postmaster.pid');
      await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(zombie)));
      await expect(start()).resolves.toBeInstanceOf(EmbeddedPostgres);
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  });

  it('is stopped and started anew when it outlived the process that had started it', async () => {
    const parent = otherProcess(starter(directory));
    const { pid, url } = await parent.heard<{ pid: number; url: string }>();
    await run(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const session = new Client({ connectionString: url });
    session.on('error', () => {});
    await session.connect();
    await parent.kill('SIGKILL');
    // Postgres waits for its last session.
    expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(isAlive(pid)).toBe(true);
    const next = await start();
    expect(isAlive(pid)).toBe(false);
    expect(next.url('postgres')).toBe(url);
    await expect(run(url, 'SELECT answer FROM kept')).resolves.toEqual([{ answer: 42 }]);
  });

  it('ends with its last session when the process that started it was killed', async () => {
    const parent = otherProcess(starter(directory));
    const { pid, url } = await parent.heard<{ pid: number; url: string }>();
    const session = new Client({ connectionString: url });
    session.on('error', () => {});
    await session.connect();
    await parent.kill('SIGKILL');
    await expect.poll(() => run(url, 'SELECT 1').then(String, String)).toContain('the database system is shutting down');
    await session.query('SELECT 1');
    await session.end();
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect(await readFile(join(directory, 'server.log'), 'utf8')).toContain('database system is shut down');
  });

  it('is left alone when the process that started it lives', async () => {
    const parent = otherProcess(starter(directory));
    try {
      const { pid, url } = await parent.heard<{ pid: number; url: string }>();
      await expect(start()).rejects.toThrow(`in use by process ${parent.pid}`);
      expect(isAlive(pid)).toBe(true);
      await expect(run(url, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
      await parent.kill('SIGKILL');
      await (await start()).stop();
    } finally {
      await parent.kill('SIGKILL');
    }
  });

  it('starts when a process that is long gone claims the folder, also when its number belongs to another now', async () => {
    await (await start()).stop();
    for (const owner of [{ pid: 2 ** 22 + 1, start: '1' }, { pid: process.ppid, start: 'another time' }, 'half a fi']) {
      await writeFile(join(directory, 'owner'), typeof owner === 'string' ? owner : JSON.stringify(owner));
      await (await start()).stop();
    }
  });

  it('starts when the process number in postmaster.pid belongs to a stranger now', async () => {
    const first = await start();
    const stale = await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8');
    await first.stop();
    const stranger = otherProcess('say(1);');
    try {
      await stranger.heard();
      await writeFile(join(directory, 'data', 'postmaster.pid'), stale.replace(/^\d+/, String(stranger.pid)));
      await (await start()).stop();
      expect(isAlive(stranger.pid)).toBe(true);
    } finally {
      await stranger.kill();
    }
  });

  it('ends no later than the wait for its end', async () => {
    const postgres = await start();
    const session = new Client({ connectionString: postgres.url('postgres') });
    session.on('error', () => {});
    await session.connect();
    await session.query('BEGIN');
    await postgres.stop();
    expect(await waitUntil(() => !isAlive(postgres.pid), 1_000)).toBe(true);
    await session.end().catch(() => {});
  });
});

/** A script that starts a Postgres on a folder and leaves it running. */
function starter(directory: string): string {
  return `
    const { EmbeddedPostgres } = await load(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
    const postgres = await EmbeddedPostgres.start({ directory: ${JSON.stringify(directory)}, settings: { fsync: 'off', max_connections: '20' } });
    say({ pid: postgres.pid, url: postgres.url('postgres') });`;
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function run(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
