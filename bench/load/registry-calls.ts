import { createHash, randomBytes, type Hash } from 'node:crypto';
import type { Body, Connection, Reply, Request } from './connection.js';

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';
const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Bytes with the digest they have, ready to be sent. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly body: Body;
}

/** Sends a request and throws unless the answer is 2xx. */
export async function must(connection: Connection, request: Request): Promise<Reply> {
  const reply = await connection.request(request);
  if (reply.status < 200 || reply.status > 299) throw new Error(`${request.method} ${request.path} was answered ${reply.status}.`);
  return reply;
}

/**
 * An endless supply of different blobs of one size at no cost per blob: all share one long random prefix whose hash is
 * computed once, and end in sixteen bytes of their own. No server can therefore skip the work because it has the blob.
 */
export class BlobSource {
  readonly #prefix: Buffer;
  readonly #hash: Hash;

  constructor(readonly size: number) {
    this.#prefix = randomPrefix(size - 16);
    this.#hash = createHash('sha256').update(this.#prefix);
  }

  next(): Blob {
    const tail = randomBytes(16);
    const digest = `sha256:${this.#hash.copy().update(tail).digest('hex')}`;
    return { digest, size: this.size, body: [this.#prefix, tail] };
  }
}

function randomPrefix(size: number): Buffer {
  const seed = randomBytes(Math.min(size, 1 << 20));
  const bytes = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at += seed.length) seed.copy(bytes, at);
  return bytes;
}

export function blobOf(bytes: Buffer): Blob {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length, body: [bytes] };
}

/** POST, then the whole blob in one PUT: what clients that know the digest beforehand do. */
export async function pushBlob(connection: Connection, repository: string, blob: Blob): Promise<void> {
  const started = await must(connection, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` });
  const location = uploadPath(started);
  await must(connection, {
    method: 'PUT',
    path: `${location}${location.includes('?') ? '&' : '?'}digest=${blob.digest}`,
    headers: { 'Content-Type': 'application/octet-stream' },
    body: blob.body,
  });
}

function uploadPath(reply: Reply): string {
  const location = reply.headers.get('location');
  if (!location) throw new Error('The upload has no Location.');
  return location.startsWith('/') ? location : location.slice(location.indexOf('/', location.indexOf('//') + 2));
}

/** Pushes the layers, a config and a manifest that names them; says how many bytes that were. */
export async function pushImage(connection: Connection, repository: string, tag: string, layers: readonly Blob[]): Promise<number> {
  const config = blobOf(
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', created: tag, layers: layers.map((layer) => layer.digest) })),
  );
  let bytes = 0;
  for (const blob of [...layers, config]) {
    await pushBlob(connection, repository, blob);
    bytes += blob.size;
  }
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: ociConfig, digest: config.digest, size: config.size },
      layers: layers.map(({ digest, size }) => ({ mediaType: ociLayer, digest, size })),
    }),
  );
  await must(connection, {
    method: 'PUT',
    path: `/v2/${repository}/manifests/${tag}`,
    headers: { 'Content-Type': ociManifest },
    body: [manifest],
  });
  return bytes + manifest.length;
}
