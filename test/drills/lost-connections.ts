import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { imageOf, type Image, type RegistryClient } from '../support/registry-client.js';
import { descendants } from '../support/processes.js';
import type { Drill } from './drill.js';
import { group, nameFor } from './scene.js';

/** What went on while connections were cut. */
export interface Account {
  /** Images whose push was acknowledged, by tag. */
  readonly images: ReadonlyMap<string, Image>;
  /** Registries whose creation was acknowledged. */
  readonly registries: readonly string[];
  /** Refusals met with, and how often: `503`, or what was said instead. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly connectionsCut: number;
}

/** Ids of the processes of a service, but not of Postgres: those of its connections come and go. */
export function processesOf(drill: Drill): readonly number[] {
  return descendants(drill.facts.pid)
    .filter(({ commandLine }) => commandLine.includes('/apps/'))
    .map(({ pid }) => pid);
}

/** What processes of a service said when they ended by mistake. */
export function lastWordsOf(drill: Drill): readonly string[] {
  const folder = join(drill.home, 'logs');
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"level":"fatal"')),
  );
}

/**
 * Cuts every connection to Postgres `times` times, while images are pushed and registries created. Between two cuts so much work
 * is done that every process has had its connections again.
 */
export async function cutConnections(drill: Drill, client: RegistryClient, times: number): Promise<Account> {
  const images = new Map<string, Image>();
  const registries: string[] = [];
  const refusals = new Map<string, number>();
  const progress = new Set<() => void>();
  const stop = new AbortController();
  const postgres = await connectTo(drill);

  const keepDoing = async (work: () => Promise<void>): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await work();
        for (const wake of progress) wake();
      } catch (error) {
        const what = /was answered (\d+)/.exec((error as Error).message)?.[1] ?? String(error);
        refusals.set(what, (refusals.get(what) ?? 0) + 1);
      }
    }
  };
  const push = async (): Promise<void> => {
    const image = imageOf([randomBytes(200), randomBytes(100_000)]);
    const tag = image.digest.slice(7, 27);
    await client.pushImage('images', tag, image);
    images.set(tag, image);
  };
  const create = async (): Promise<void> => {
    const name = nameFor('lost');
    const answer = await drill.management.startRegistry(group, name);
    if (answer.status !== 201) throw new Error(`PUT registry was answered ${answer.status}`);
    registries.push(name);
    await drill.management.registryReady(group, name);
  };
  const done = (count: number, of: () => number): Promise<void> => {
    const goal = of() + count;
    return new Promise((resolve) => {
      const look = (): void => {
        if (of() < goal && !stop.signal.aborted) return;
        progress.delete(look);
        resolve();
      };
      progress.add(look);
    });
  };

  const busy = [push, push, push, create].map(keepDoing);
  let connectionsCut = 0;
  try {
    for (let cut = 0; cut < times; cut += 1) {
      await Promise.all([done(3, () => images.size), done(1, () => registries.length)]);
      const { rowCount } = await postgres.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      connectionsCut += rowCount ?? 0;
    }
    await Promise.all([done(3, () => images.size), done(1, () => registries.length)]);
  } finally {
    stop.abort();
    await Promise.all(busy);
    await postgres.end();
  }
  return { images, registries, refusals, connectionsCut };
}

async function connectTo(drill: Drill): Promise<Client> {
  const words = (name: string): string => readFileSync(join(drill.home, 'postgres', name), 'utf8').trim();
  const client = new Client({
    host: '127.0.0.1',
    port: Number(words('port')),
    user: 'postgres',
    password: words('password'),
    database: 'regatta',
  });
  await client.connect();
  return client;
}
