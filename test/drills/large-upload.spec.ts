import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
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

/** The same piece over and over, each time with a number in it, so that no two stretches of the blob are alike. */
function* pieces(): Generator<Buffer> {
  const piece = randomPiece;
  for (let at = 0; at < total; at += piece.length) {
    piece.writeBigUInt64BE(BigInt(at));
    yield Buffer.from(piece);
  }
}
const randomPiece = randomBytes(mib);

function send(
  client: RegistryClient,
  method: string,
  path: string,
  body: Readable | null,
): Promise<{ status: number; headers: Record<string, unknown> }> {
  const { url, loginServer, username, password } = client.registry;
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, {
      method,
      agent: false,
      headers: {
        host: loginServer,
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        ...(body ? { 'content-type': 'application/octet-stream', 'content-length': total } : {}),
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    if (body) pipeline(body, outgoing).catch(reject);
    else outgoing.end();
  });
}

describe(`a blob of ${gibibytes} GiB`, { timeout: 120_000 * gibibytes }, () => {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await testRegistry('large');
  }, 180_000);

  afterAll(() => registry?.remove());

  it('is streamed up and down while the data plane needs no more memory than its buffers', async () => {
    const dataPlanes = descendants(registry.service.pid).filter(({ commandLine }) => commandLine.includes('apps/data-plane/'));
    expect(dataPlanes.length).toBeGreaterThan(0);
    const memory = (): number => Math.max(...dataPlanes.map(({ pid }) => privateMemory(pid)));
    const before = memory();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, memory())), 50);
    try {
      const hash = createHash('sha256');
      for (const piece of pieces()) hash.update(piece);
      const digest = `sha256:${hash.digest('hex')}`;
      const upload = await registry.client.startUpload('large');
      const sent = await send(
        registry.client,
        'PUT',
        `${upload}${upload.includes('?') ? '&' : '?'}digest=${digest}`,
        Readable.from(pieces()),
      );
      expect(sent.status).toBe(201);

      const { body: tail, status } = await registry.client.send('GET', `/v2/large/blobs/${digest}`, {
        headers: { range: `bytes=${total - mib}-` },
      });
      expect(status).toBe(206);
      randomPiece.writeBigUInt64BE(BigInt(total - mib));
      expect(tail.equals(randomPiece)).toBe(true);
      expect(await downloadedDigest(registry.client, `/v2/large/blobs/${digest}`)).toBe(digest);
      expect(await registry.management.usedBytes(registry.group, registry.name)).toBe(total);
    } finally {
      clearInterval(watch);
    }
    expect(most - before).toBeLessThan(mostGrowth);
  });
});

/** Reads a blob without keeping it. */
function downloadedDigest(client: RegistryClient, path: string): Promise<string> {
  const { url, loginServer, username, password } = client.registry;
  const hash = createHash('sha256');
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return new Promise((resolve, reject) => {
    const incoming = request(`${url}${path}`, { agent: false, headers: { host: loginServer, authorization } }, (response) => {
      response.on('data', (piece: Buffer) => hash.update(piece));
      response.on('end', () => resolve(`sha256:${hash.digest('hex')}`));
      response.on('error', reject);
    });
    incoming.on('error', reject);
    incoming.end();
  });
}
