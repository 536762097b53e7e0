import { Agent, request } from 'node:http';
import { RawRequest } from '../support/raw-request.js';

/** Where requests go, and who they say they are. */
export interface Door {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A route that takes a body. */
export interface Target {
  method: string;
  path: () => Promise<string>;
  type: string;
  statuses: readonly number[];
}

/** Latencies of GETs in milliseconds, one after the other on one connection, for as long as `goOn` says. */
export async function ask(door: Door, path: string, goOn: (asked: number) => boolean): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: number[] = [];
  while (goOn(latencies.length)) {
    const began = performance.now();
    const status = await new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: door.port, path, headers: door.headers, agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      outgoing.on('error', reject).end();
    });
    if (status !== 200) throw new Error(`The neighbour was answered ${String(status)}.`);
    latencies.push(performance.now() - began);
  }
  agent.destroy();
  return latencies;
}

/** Sends the crumbs once; how many milliseconds that took. */
export async function send(door: Door, { method, path, type, statuses }: Target, body: Buffer): Promise<number> {
  const lines = Object.entries(door.headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${await path()} HTTP/1.1`, ...lines, `Content-Type: ${type}`, 'Transfer-Encoding: chunked'];
  const began = performance.now();
  const outgoing = new RawRequest(door.port, head);
  void outgoing.write(body);
  const status = await outgoing.status();
  outgoing.destroy();
  if (!statuses.includes(status)) throw new Error(`The crumbs were answered ${status}.`);
  return performance.now() - began;
}

/** The value that so large a part of all does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1]!;
}

/** Percentiles in milliseconds, to be read by a person. */
export function spread(values: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => percentile(values, part).toFixed(1));
  return `${values.length} times, p50 ${p50} ms, p99 ${p99} ms, most ${most} ms`;
}
