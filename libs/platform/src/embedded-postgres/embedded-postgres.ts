import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier } from 'pg';
import { Connection } from '../postgres/connection.js';
import { chooseAccount, type Account } from './account.js';
import { findBinaries, type Binaries } from './binaries.js';
import { inspectData, makeData, readPassword, removeUnfinished } from './data-directory.js';
import { EmbeddedPostgresError } from './failure.js';
import { FolderInUse, FolderLock } from './folder-lock.js';
import { stablePort } from './port.js';
import { clearTheWay, readPostmaster, stopPostmaster } from './postmaster-pid.js';
import { stopWithoutUs } from './stop-without-us.js';

/** How an embedded Postgres is started. */
export interface EmbeddedPostgresOptions {
  /** Folder for the data, the password, the log; made when absent. Only one process at a time may start one on it. */
  directory: string;
  /** Server settings (`-c name=value`) besides ours. */
  settings?: Record<string, string>;
  /** Listens here; otherwise on a free port that is kept from start to start. */
  port?: number;
  /** How long to wait until it answers, recovery included. */
  startTimeoutSeconds?: number;
}

/** A server log longer than this is put aside at the next start. */
const longestLog = 10 * 1024 * 1024;

const ownSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  log_line_prefix: '%m [%p] %a ',
  // No details: they repeat the row that a statement failed for.
  log_error_verbosity: 'terse',
};

/** A real Postgres from npm's binaries, on 127.0.0.1, with a random superuser password; for one machine and for tests. */
export class EmbeddedPostgres {
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #password: string;
  readonly #lock: FolderLock;
  /** Settles when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;

  private constructor(
    directory: string,
    readonly port: number,
    child: ChildProcess,
    password: string,
    lock: FolderLock,
  ) {
    this.#directory = directory;
    this.#child = child;
    this.#password = password;
    this.#lock = lock;
    this.exited = new Promise((done) => (hasEnded(child) ? done() : child.once('exit', () => done())));
  }

  /** Starts Postgres on a folder and waits until it answers. Throws {@link EmbeddedPostgresError} with what to do about it. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const directory = resolve(options.directory);
    const data = join(directory, 'data');
    const binaries = await findBinaries();
    await prepareFolder(directory);
    const found = await inspectData(data, binaries);
    const lock = await claim(directory);
    try {
      const account = chooseAccount([directory, binaries.native], found.owner);
      await clearTheWay(data);
      await removeUnfinished(directory);
      const password = found.exists ? await readPassword(directory) : await makeData(directory, account, binaries);
      const port = options.port ?? (await stablePort(join(directory, 'port')));
      const child = await spawnServer({ directory, port, settings: options.settings ?? {}, account, binaries });
      if (child.pid !== undefined) child.once('exit', stopWithoutUs(child.pid, data));
      await untilReady(directory, child, options.startTimeoutSeconds ?? 60);
      return new EmbeddedPostgres(directory, port, child, password, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Process id of the server. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Connection URL of one of its databases, as superuser. */
  url(database: string): string {
    return `postgresql://postgres:${this.#password}@127.0.0.1:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Creates the database unless it is there; returns its URL. */
  async ensureDatabase(name: string): Promise<string> {
    const client = new Connection({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${escapeIdentifier(name)}`);
    } finally {
      await client.end();
    }
    return this.url(name);
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk when this returns. */
  async stop(): Promise<void> {
    this.#child.ref();
    if (!hasEnded(this.#child)) await stopPostmaster(this.pid, join(this.#directory, 'data'));
    await this.exited;
    await this.#lock.release();
  }
}

/** What the server process is made of. */
interface Launch {
  directory: string;
  port: number;
  settings: Record<string, string>;
  account: Account;
  binaries: Binaries;
}

/** As root the folder must be passable for the user Postgres runs as; otherwise it is nobody's business. */
async function prepareFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, process.geteuid?.() === 0 ? 0o755 : 0o700);
  } catch (error) {
    throw new EmbeddedPostgresError(`The folder ${directory} for the embedded Postgres cannot be used: ${(error as Error).message}`);
  }
}

async function claim(directory: string): Promise<FolderLock> {
  try {
    return await FolderLock.take(join(directory, 'owner'));
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new EmbeddedPostgresError(
      `The embedded Postgres in ${directory} is in use by process ${error.pid}. Stop that first, or choose another folder.`,
    );
  }
}

async function spawnServer({ directory, port, settings, account, binaries }: Launch): Promise<ChildProcess> {
  const values = Object.entries({ ...ownSettings, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args, options } = account.command(binaries.postgres, ['-D', join(directory, 'data'), '-p', String(port), ...values]);
  const log = await openLog(join(directory, 'server.log'));
  try {
    // In a process group of its own: Ctrl-C in a terminal must reach the apps first and Postgres last, from us.
    return spawn(file, args, { ...options, cwd: '/', detached: true, stdio: ['ignore', log.fd, log.fd] });
  } finally {
    await log.close();
  }
}

async function openLog(file: string): Promise<Awaited<ReturnType<typeof open>>> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size > longestLog) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}

async function untilReady(directory: string, child: ChildProcess, seconds: number): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const end = Date.now() + seconds * 1000;
  for (;;) {
    if (failure || hasEnded(child)) throw await didNotStart(directory, failure?.message ?? 'it ended at once');
    const postmaster = await readPostmaster(join(directory, 'data'));
    if (postmaster?.ready && postmaster.pid === child.pid) break;
    if (Date.now() > end) {
      child.kill('SIGQUIT');
      throw await didNotStart(directory, `it did not answer within ${seconds} s`);
    }
    await sleep(20);
  }
  child.unref();
}

async function didNotStart(directory: string, why: string): Promise<EmbeddedPostgresError> {
  const file = join(directory, 'server.log');
  const log = await readFile(file, 'utf8').catch(() => '');
  return new EmbeddedPostgresError(`Postgres did not start: ${why}. The end of ${file}:\n${log.trim().split('\n').slice(-8).join('\n')}`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
