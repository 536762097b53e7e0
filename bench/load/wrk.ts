import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Target } from './connection.js';
import type { LoadResult } from './load-result.js';

const run = promisify(execFile);

/** Prints wrk's own counters as one JSON line; it defines no request function, so wrk keeps its fast path. */
const reportScript = `
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('\\nRESULT {"done":%d,"bytes":%d,"seconds":%.6f,"p50":%.4f,"p99":%.4f,"failures":%d}\\n',
    summary.requests, summary.bytes, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;

export function wrkInstalled(): boolean {
  return spawnSync('wrk', ['--version']).error === undefined;
}

export interface WrkLoad {
  readonly path: string;
  readonly accept?: string;
  readonly connections: number;
  readonly seconds: number;
}

/** GETs one path with wrk (C, epoll, one thread): the cheapest load generator there is for small answers. */
export async function wrk(target: Target, load: WrkLoad): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-wrk-'));
  try {
    const script = join(folder, 'report.lua');
    await writeFile(script, reportScript);
    const headers = [`Host: ${target.host}`];
    if (load.accept) headers.push(`Accept: ${load.accept}`);
    if (target.authorization) headers.push(`Authorization: ${target.authorization}`);
    const { stdout } = await run('wrk', [
      '-t1',
      `-c${load.connections}`,
      `-d${load.seconds}s`,
      '--timeout',
      '20s',
      '-s',
      script,
      ...headers.flatMap((header) => ['-H', header]),
      `http://${target.address}:${target.port}${load.path}`,
    ]);
    const line = stdout.split('\n').find((text) => text.startsWith('RESULT '));
    if (!line) throw new Error(`wrk reported nothing:\n${stdout}`);
    const result = JSON.parse(line.slice(7)) as LoadResult;
    return result.failures > 0 ? { ...result, firstFailure: `wrk counted ${result.failures} failed requests.` } : result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
