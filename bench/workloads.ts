import { closedLoop, type Loop } from './load/closed-loop.js';
import type { Target } from './load/connection.js';
import type { LoadResult } from './load/load-result.js';
import { BlobSource, must, ociManifest, pushBlob, pushImage } from './load/registry-calls.js';
import { wrk, wrkInstalled } from './load/wrk.js';
import { pushRepository, seedRepository, type Seed } from './seed.js';

/** A load that is put on both registries in turn. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  /** What the token of the run must allow. */
  readonly scopes: readonly string[];
  /** Which of the reference's two forms this is compared with: Regatta itself always authorises. */
  readonly referenceTokens: boolean;
  /** Writes so much that the page cache needs memory the host has already given. */
  readonly writes: boolean;
  run(target: Target, seconds: number): Promise<LoadResult>;
}

const mib = 1024 * 1024;
const useWrk = wrkInstalled();

const readScope = `repository:${seedRepository}:pull`;
const reads = { scopes: [readScope], referenceTokens: false, writes: false };
const writes = { scopes: [`repository:${pushRepository}:pull,push`, readScope], referenceTokens: false, writes: true };

/** GETs with wrk where it is installed and the answer is small, with our own loader otherwise. */
async function get(target: Target, path: string, loop: Loop & { accept?: string; big?: boolean }): Promise<LoadResult> {
  const { accept, connections, seconds } = loop;
  if (useWrk && !loop.big) return wrk(target, { path, connections, seconds, ...(accept ? { accept } : {}) });
  const headers: Record<string, string> = accept ? { Accept: accept } : {};
  return closedLoop(target, loop, async (connection) => (await must(connection, { method: 'GET', path, headers })).bytes);
}

export function workloads(seed: Seed, manifestDigest: string): Workload[] {
  const manifest = (reference: string) => (target: Target, seconds: number) =>
    get(target, `/v2/${seedRepository}/manifests/${reference}`, { connections: 32, seconds, accept: ociManifest });
  const blob = (digest: string, connections: number, big: boolean) => (target: Target, seconds: number) =>
    get(target, `/v2/${seedRepository}/blobs/${digest}`, { connections, seconds, big });
  const large = new BlobSource(256 * mib);
  const small = new BlobSource(10 * 1024);
  const pushLarge = (connections: number) => (target: Target, seconds: number) =>
    closedLoop(target, { connections, seconds, atLeast: 2 }, async (connection) => {
      await pushBlob(connection, pushRepository, large.next());
      return large.size;
    });
  let images = 0;
  return [
    { ...reads, id: 'manifest-tag', title: 'manifest GET by tag, c32', run: manifest(seed.tag) },
    { ...reads, id: 'manifest-digest', title: 'manifest GET by digest, c32', run: manifest(manifestDigest) },
    {
      ...reads,
      id: 'manifest-token',
      title: 'manifest GET by tag, both with bearer token, c32',
      referenceTokens: true,
      run: manifest(seed.tag),
    },
    { ...reads, id: 'blob-10k', title: 'blob GET 10 KiB, c32', run: blob(seed.blob10KiB.digest, 32, false) },
    { ...reads, id: 'blob-1m', title: 'blob GET 1 MiB, c16', run: blob(seed.blob1MiB.digest, 16, true) },
    { ...reads, id: 'blob-100m', title: 'blob GET 100 MiB, c4', run: blob(seed.blob100MiB.digest, 4, true) },
    { ...writes, id: 'push-256m', title: 'push of a 256 MiB blob, monolithic, c1', run: pushLarge(1) },
    {
      ...writes,
      id: 'push-image',
      title: 'push of an image of ten 10 KiB layers, c8',
      run: (target, seconds) =>
        closedLoop(target, { connections: 8, seconds, atLeast: 1 }, (connection) =>
          pushImage(
            connection,
            pushRepository,
            `t${++images}`,
            Array.from({ length: 10 }, () => small.next()),
          ),
        ),
    },
    {
      ...writes,
      id: 'get-during-push',
      title: 'manifest GET by tag, c8, while two 256 MiB blobs are being pushed',
      run: async (target, seconds) => {
        // The pushes begin first and end last, so that every GET that counts met them.
        const pushes = closedLoop(target, { connections: 2, seconds: seconds + 1, atLeast: 1 }, async (connection) => {
          await pushBlob(connection, pushRepository, large.next());
          return large.size;
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
        const gets = await get(target, `/v2/${seedRepository}/manifests/${seed.tag}`, { connections: 8, seconds, accept: ociManifest });
        const pushed = await pushes;
        const failures = gets.failures + pushed.failures;
        return { ...gets, failures, ...(pushed.firstFailure ? { firstFailure: pushed.firstFailure } : {}) };
      },
    },
  ];
}
