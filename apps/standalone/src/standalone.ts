import { join } from 'node:path';
import type { FolderLock } from '#lib/platform';
import { bootstrapInto } from './bootstrap.js';
import type { StandaloneConfig } from './config.js';
import { openDatabase, type Database } from './database.js';
import { greetingFor, type Greeting } from './greeting.js';
import { openHome } from './home/home.js';
import { secretKey } from './home/secret-key.js';
import { requirePorts } from './ports.js';
import { planProcesses, type ProcessPlan } from './processes/plans.js';
import { Supervisor, type Say } from './processes/supervisor.js';
import { ensureCertificates, serverNames, type TlsFiles } from './tls/certificates.js';

/** How long processes of a start that was killed get to leave their ports. */
const leavingMs = 8_000;
const certificateCheckMs = 12 * 3_600_000;
/** On top of the time that requests under way are given. */
const stopLeewaySeconds = 10;

/** Everything on one machine: the database, then the processes of the service, kept running until `stop`. */
export class Standalone {
  #lock: FolderLock | undefined;
  #database: Database | undefined;
  #supervisor: Supervisor | undefined;
  #plans: ProcessPlan[] = [];
  #renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: StandaloneConfig,
    private readonly say: Say,
  ) {}

  /** Starts everything and waits until all of it is ready. When something cannot start, what was started is stopped again. */
  async start(): Promise<Greeting> {
    try {
      return await this.#startAll();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** First what clients talk to, then the workers, then the database. */
  async stop(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#supervisor?.stop(this.#plans.filter(({ listens }) => listens));
    await this.#supervisor?.stop(this.#plans.filter(({ listens }) => !listens));
    await this.#database?.stop();
    await this.#lock?.release();
  }

  /** For who cannot wait: ends the processes at once; `stop`, still under way, then has only the database left to stop. */
  hurry(): void {
    this.#supervisor?.kill();
  }

  async #startAll(): Promise<Greeting> {
    const { config } = this;
    this.#lock = await openHome(config.home);
    await requirePorts(config, this.#lock.wasAbandoned ? leavingMs : 0);
    const key = await secretKey(config.home, config.secretKey);
    const tls = await this.#certificates();
    this.#database = await openDatabase(config.home, config.databaseUrl, this.say);
    const { databaseWaitSeconds: waitSeconds, logLevel } = config;
    const first = await bootstrapInto(config.home, { url: this.#database.url, waitSeconds, logLevel, say: this.say });
    this.#plans = planProcesses({ config, databaseUrl: this.#database.url, secretKey: key, tls });
    this.#supervisor = new Supervisor({
      logFolder: join(config.home, 'logs'),
      stopSeconds: config.drainSeconds + stopLeewaySeconds,
      say: this.say,
    });
    await this.#supervisor.start(this.#plans);
    this.#renewal = setInterval(() => void this.#renew(), certificateCheckMs);
    return greetingFor(config, tls.caFile, first, this.#processes());
  }

  #processes(): Record<string, number> {
    const postgres = this.#database?.pid();
    return { standalone: process.pid, ...(postgres !== undefined && { postgres }), ...this.#supervisor?.pids() };
  }

  async #certificates(): Promise<TlsFiles & { renewed: boolean }> {
    const { home, certificate, regions, loginServerSuffix, management } = this.config;
    const hosts = [loginServerSuffix.replace(/:\d+$/, ''), new URL(management.url).hostname.replace(/^\[|\]$/g, '')];
    const made = await ensureCertificates(
      home,
      serverNames(
        regions.map(({ name }) => name),
        hosts,
      ),
    );
    return certificate ? { ...made, ...certificate, renewed: false } : made;
  }

  /** Makes a new server certificate in its last month; the processes take it up one after the other. */
  async #renew(): Promise<void> {
    try {
      const { renewed } = await this.#certificates();
      if (renewed) await this.#supervisor?.restart(this.#plans.filter(({ listens }) => listens));
    } catch (error) {
      this.say(`The server certificate could not be renewed: ${(error as Error).message}`);
    }
  }
}
