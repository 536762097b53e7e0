import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgres, EmbeddedPostgresError } from '#lib/platform';
import type { Say } from './processes/supervisor.js';
import { StartError } from './start-error.js';

/** The database of the service for as long as it runs. */
export interface Database {
  url: string;
  /** The process, if it is one of ours. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

const databaseName = 'regatta';
const restartPauseMs = 1_000;

/** The one of DATABASE_URL, or an embedded Postgres that is kept running. */
export async function openDatabase(home: string, givenUrl: string | undefined, say: Say): Promise<Database> {
  if (givenUrl) return { url: givenUrl, pid: () => undefined, stop: async () => undefined };
  const keeper = new Keeper(join(home, 'postgres'), say);
  return { url: await keeper.start(), pid: () => keeper.pid, stop: () => keeper.stop() };
}

/** Starts the embedded Postgres again when it dies. Its port stays the same, so that the other processes find it again. */
class Keeper {
  #postgres: EmbeddedPostgres | undefined;
  #stopping = false;
  #watch: Promise<void> | undefined;

  constructor(
    private readonly directory: string,
    private readonly say: Say,
  ) {}

  get pid(): number | undefined {
    return this.#postgres?.pid;
  }

  async start(): Promise<string> {
    try {
      this.#postgres = await EmbeddedPostgres.start({ directory: this.directory });
    } catch (error) {
      if (error instanceof EmbeddedPostgresError) throw new StartError(error.message);
      throw error;
    }
    this.#watch = this.#keepRunning();
    return this.#postgres.ensureDatabase(databaseName);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#postgres?.stop();
    await this.#watch;
    await this.#postgres?.stop(); // One that was being started when we were told to stop.
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopping) {
      const postgres = this.#postgres;
      await postgres?.exited;
      if (this.#stopping) return;
      this.say('Postgres ended; starting it again.');
      await postgres?.stop(); // Lets go of the folder.
      await sleep(restartPauseMs);
      await this.#startAgain(postgres?.port);
    }
  }

  async #startAgain(port: number | undefined): Promise<void> {
    try {
      this.#postgres = await EmbeddedPostgres.start({ directory: this.directory, ...(port !== undefined && { port }) });
      this.say('Postgres is back.');
    } catch (error) {
      this.say((error as Error).message);
    }
  }
}
