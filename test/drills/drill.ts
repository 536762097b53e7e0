import { mkdtempSync, chmodSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildService } from '../support/build-service.js';
import type { Management } from '../support/management.js';
import { descendants, isAlive } from '../support/processes.js';
import { RegistryClient } from '../support/registry-client.js';
import { logTail, managementOf, ServiceProcess, type ServiceFacts } from '../support/service-process.js';

/** What can be killed. */
export type Part = 'management-api' | 'data-plane' | 'worker' | 'postgres';

/** How a part shows in the process list. */
const signs: Readonly<Record<Part, (commandLine: string, environment: string) => boolean>> = {
  'management-api': (commandLine) => commandLine.includes('apps/management-api/'),
  'data-plane': (commandLine, environment) => commandLine.includes('apps/data-plane/') && environment.includes('REGATTA_REGION=eastus'),
  worker: (commandLine, environment) => commandLine.includes('apps/worker/') && environment.includes('REGATTA_REGION=eastus'),
  postgres: (commandLine) => /bin\/postgres .*-D/.test(commandLine),
};

/** A service of one's own that one may mistreat. */
export class Drill {
  private constructor(
    readonly home: string,
    private service: ServiceProcess,
    readonly management: Management,
  ) {}

  static async start(): Promise<Drill> {
    await buildService();
    const home = mkdtempSync(join(tmpdir(), 'regatta-drill-'));
    chmodSync(home, 0o755); // The embedded Postgres runs as another user when we are root, and must reach its data.
    const service = await ServiceProcess.start({ home }).catch(async (error: unknown) => {
      await rm(home, { recursive: true, force: true });
      throw error;
    });
    return new Drill(home, service, managementOf(service.facts));
  }

  get facts(): ServiceFacts {
    return this.service.facts;
  }

  /** Process ids of a part of the first region; more than one where a part has several processes. */
  pids(part: Part): number[] {
    return descendants(this.service.facts.pid)
      .filter(({ commandLine, environment }) => signs[part](commandLine, environment))
      .map(({ pid }) => pid);
  }

  /** kill -9 of every process of a part; answers which they were. */
  kill(part: Part): number[] {
    const pids = this.pids(part);
    if (pids.length === 0) throw new Error(`No ${part} runs.\n${logTail(this.facts)}`);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return pids;
  }

  /** Waits until a part that was killed runs again and the whole service answers. */
  async recovered(part: Part, killed: readonly number[], client: RegistryClient, seconds = 60): Promise<void> {
    await this.eventually(`${part} runs again`, seconds, async () => {
      const now = this.pids(part);
      if (now.length === 0 || now.some((pid) => killed.includes(pid))) return false;
      const [pull, list] = await Promise.all([
        client.send('GET', '/v2/_catalog'),
        this.management.send('GET', `${this.management.subscription}/providers/Microsoft.ContainerRegistry/registries`),
      ]);
      return pull.status === 200 && list.status === 200;
    });
  }

  /** Asks until the answer is yes. An error counts as no: connections break while parts are down. */
  async eventually(what: string, seconds: number, asked: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + seconds * 1000;
    let last: unknown;
    while (Date.now() < end) {
      try {
        if (await asked()) return;
      } catch (error) {
        last = error;
      }
      await sleep(100);
    }
    throw new Error(`Not within ${seconds} s: ${what}.\n${logTail(this.facts)}`, { cause: last });
  }

  /** A client of a registry as its admin. */
  async clientOf(group: string, name: string): Promise<RegistryClient> {
    const { properties } = await this.management.registryReady(group, name);
    return new RegistryClient({
      url: `http://127.0.0.1:${this.facts.regions.eastus.http}`,
      loginServer: properties.loginServer,
      username: name,
      password: await this.management.adminPassword(group, name),
    });
  }

  /** kill -9 of everything at once, as a power cut does, and a start on what is left. */
  async powerCut(): Promise<void> {
    const all = [this.facts.pid, ...descendants(this.facts.pid).map(({ pid }) => pid)];
    for (const pid of all) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await this.eventually('everything is dead', 20, async () => all.every((pid) => !isAlive(pid)));
    this.service = await ServiceProcess.start({ home: this.home, again: this.facts });
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}
