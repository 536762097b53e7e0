import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { ServiceFacts } from './service-process.js';
import { call } from './wire.js';

/** Every file below a folder, and every folder. */
export function filesBelow(folder: string): { path: string; mode: number; isFolder: boolean }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path, mode: statSync(path).mode & 0o777, isFolder: entry.isDirectory() };
  });
}

/** What all processes of a service wrote: their logs, what the service said on the terminal, the log of its Postgres. */
export function logsOf({ home }: ServiceFacts): { path: string; text: string }[] {
  const files = filesBelow(join(home, 'logs')).map(({ path }) => path);
  return [...files, join(home, 'service.out'), join(home, 'postgres/server.log')].map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
}

/** What every process of a service measures of itself. */
export async function metricsOf({ opsPort }: ServiceFacts): Promise<string> {
  const ports = Array.from({ length: 5 }, (_, index) => opsPort + index);
  return (await Promise.all(ports.map((port) => call(`http://127.0.0.1:${port}/metrics`)))).map(({ body }) => body.toString()).join('\n');
}

/** Every row of every table of the embedded Postgres of a service by the name of its table, and the statements that run or ran last. */
export function rowsOf(service: ServiceFacts): Promise<Map<string, string>> {
  return asSuperuser(service, async (client) => {
    const text = async (from: string): Promise<string> =>
      (await client.query<{ row: string }>(`SELECT t::text AS row FROM ${from} t`)).rows.map(({ row }) => row).join('\n');
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const found = new Map([['pg_stat_activity', await text('pg_stat_activity')]]);
    for (const { name } of tables.rows) found.set(name, await text(name));
    return found;
  });
}

/** Sends the embedded Postgres of a service a row that holds a text and that it refuses. */
export function refuseRow(service: ServiceFacts, text: string): Promise<void> {
  return asSuperuser(service, async (client) => {
    await client.query('CREATE TEMPORARY TABLE refused (kept text, absent text NOT NULL)');
    await client.query('INSERT INTO refused (kept) VALUES ($1)', [text]);
  });
}

async function asSuperuser<T>({ home }: ServiceFacts, work: (client: Client) => Promise<T>): Promise<T> {
  const read = (name: string): string => readFileSync(join(home, 'postgres', name), 'utf8').trim();
  const [port, password] = [Number(read('port')), read('password')];
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'regatta' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Everything a Redis holds, as text. */
export async function redisOf(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const reads: Record<string, (key: string) => Promise<unknown>> = {
      string: (key) => redis.get(key),
      hash: (key) => redis.hgetall(key),
      list: (key) => redis.lrange(key, '0', '-1'),
      set: (key) => redis.smembers(key),
      zset: (key) => redis.zrange(key, '0', '-1'),
      stream: (key) => redis.xrange(key, '-', '+'),
    };
    const keys = await redis.keys('*');
    const values = await Promise.all(keys.map(async (key) => [key, await reads[await redis.type(key)]?.(key)]));
    return JSON.stringify(values);
  } finally {
    redis.disconnect();
  }
}
