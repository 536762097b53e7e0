import { createHash, randomBytes, type Hash } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendants, privateMemory } from '../support/processes.js';
import type { RegistryClient } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';

const mib = 1024 * 1024;
/** 1 GiB unless told otherwise: `REGATTA_DRILL_UPLOAD_GIB=10 npx vitest run test/drills/large-upload.spec.ts`. */
const gibibytes = Number(process.env['REGATTA_DRILL_UPLOAD_GIB'] ?? 1);
const total = gibibytes * 1024 * mib;
/** More than any buffer the service has a right to, less than any part of the blob it could be keeping. */
const mostGrowth = 256 * mib;

const piece = randomBytes(mib);

/** The piece that begins at an offset: the same bytes each time but for the offset, so that no two stretches are alike. */
function pieceAt(offset: number): Buffer {
  const bytes = Buffer.from(piece);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
}

/** The whole blob, hashed while it is made. */
function* pieces(hash: Hash): Generator<Buffer> {
  for (let at = 0; at < total; at += mib) {
    const bytes = pieceAt(at);
    hash.update(bytes);
    yield bytes;
  }
}

/** A request whose body, sent or received, is never held in memory. */
function exchange(client: RegistryClient, method: string, path: string, body?: Readable): Promise<IncomingMessage> {
  const { url, loginServer, username, password } = client.registry;
  const headers = {
    host: loginServer,
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    ...(body ? { 'content-type': 'application/octet-stream', 'content-length': total } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { method, agent: false, headers }, resolve);
    outgoing.on('error', reject);
    if (body) pipeline(body, outgoing).catch(reject);
    else outgoing.end();
  });
}

describe(`a blob of ${gibibytes} GiB`, { timeout: 120_000 * gibibytes }, () => {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await testRegistry('large');
  });

  afterAll(() => registry?.remove());

  it('is streamed up and down while the data plane needs no more memory than its buffers', async () => {
    const { client } = registry;
    const dataPlanes = descendants(registry.service.pid).filter(({ commandLine }) => commandLine.includes('apps/data-plane/'));
    expect(dataPlanes.length).toBeGreaterThan(0);
    const memory = (): number => Math.max(...dataPlanes.map(({ pid }) => privateMemory(pid)));
    const before = memory();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, memory())), 50);
    try {
      const sent = createHash('sha256');
      const patched = await exchange(client, 'PATCH', await client.startUpload('large'), Readable.from(pieces(sent)));
      patched.resume();
      expect(patched.statusCode).toBe(202);
      const digest = `sha256:${sent.digest('hex')}`;
      expect((await client.finish(String(patched.headers.location), digest)).status).toBe(201);

      const tail = await client.send('GET', `/v2/large/blobs/${digest}`, { headers: { range: `bytes=${total - mib}-` } });
      expect(tail.status).toBe(206);
      expect(tail.body.equals(pieceAt(total - mib))).toBe(true);

      const received = createHash('sha256');
      await pipeline(await exchange(client, 'GET', `/v2/large/blobs/${digest}`), received);
      expect(`sha256:${received.digest('hex')}`).toBe(digest);
      expect(await registry.management.usedBytes(registry.group, registry.name)).toBe(total);
    } finally {
      clearInterval(watch);
    }
    expect(most - before).toBeLessThan(mostGrowth);
  });
});
