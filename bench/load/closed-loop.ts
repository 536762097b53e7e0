import { Connection, type Target } from './connection.js';
import { Latencies } from './latencies.js';
import type { LoadResult } from './load-result.js';

/** One unit of work on one connection; says how many body bytes it moved. Throws when the server refused anything. */
export type Work = (connection: Connection) => Promise<number>;

export interface Loop {
  readonly connections: number;
  readonly seconds: number;
  /** Every connection does at least this many units even when the time is over: long units must be seen to end. */
  readonly atLeast?: number;
}

/** So many connections, each doing the next unit of work as soon as the last one is done, until the time is over. */
export async function closedLoop(target: Target, loop: Loop, work: Work): Promise<LoadResult> {
  const open = await Promise.all(Array.from({ length: loop.connections }, () => Connection.open(target)));
  const latencies = new Latencies();
  const failures: string[] = [];
  let bytes = 0;
  const start = performance.now();
  const end = start + loop.seconds * 1000;
  await Promise.all(
    open.map(async (connection) => {
      try {
        for (let turn = 0; performance.now() < end || turn < (loop.atLeast ?? 0); turn++) {
          const began = performance.now();
          const moved = await work(connection);
          bytes += moved; // Not `bytes += await …`: that would add to what `bytes` was before waiting.
          latencies.add(performance.now() - began);
        }
      } catch (error) {
        failures.push((error as Error).message);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const connection of open) connection.close();
  return {
    done: latencies.count,
    bytes,
    seconds,
    p50: latencies.percentile(0.5),
    p99: latencies.percentile(0.99),
    failures: failures.length,
    ...(failures[0] === undefined ? {} : { firstFailure: failures[0] }),
  };
}
