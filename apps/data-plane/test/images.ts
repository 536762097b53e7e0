import { createHash, randomBytes } from 'node:crypto';
import { basic, type HttpClient, type Received } from './http-client.js';
import type { TestRegistry } from './installation.js';

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';

export function digestOf(bytes: Buffer | string, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** A client of one registry as its admin, in one of the two styles of addressing. */
export class Pusher {
  readonly headers: Record<string, string>;
  readonly host: string;
  readonly prefix: string;

  constructor(
    readonly client: HttpClient,
    readonly registry: TestRegistry,
    style: 'host' | 'path' = 'host',
    headers?: Record<string, string>,
  ) {
    this.headers = headers ?? basic(registry.name, registry.passwords[0]);
    this.host = style === 'host' ? registry.host : 'localhost:5000';
    this.prefix = style === 'host' ? '' : `${registry.name}/`;
  }

  send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: Buffer | string | AsyncIterable<Buffer>,
  ): Promise<Received> {
    return this.client.send({
      method,
      path,
      host: this.host,
      headers: { ...this.headers, ...headers },
      ...(body !== undefined && { body }),
    });
  }

  /** The path of something in a repository. */
  path(repository: string, rest: string): string {
    return `/v2/${this.prefix}${repository}/${rest}`;
  }

  async start(repository: string): Promise<string> {
    const answer = await this.send('POST', this.path(repository, 'blobs/uploads/'));
    if (answer.status !== 202) throw new Error(`POST uploads: ${answer.status} ${answer.body}`);
    return answer.headers.location!;
  }

  /** Pushes a blob in one request; its digest. */
  async blob(repository: string, bytes: Buffer): Promise<string> {
    const digest = digestOf(bytes);
    const path = this.path(repository, `blobs/uploads/?digest=${digest}`);
    const answer = await this.send(
      'POST',
      path,
      { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) },
      bytes,
    );
    if (answer.status !== 201) throw new Error(`POST blob: ${answer.status} ${answer.body}`);
    return digest;
  }

  manifest(repository: string, reference: string, body: string | Buffer, type = ociManifest): Promise<Received> {
    return this.send('PUT', this.path(repository, `manifests/${reference}`), { 'content-type': type }, body);
  }

  /** Pushes an image of one random layer; the manifest's text and digest. */
  async image(
    repository: string,
    tag: string,
    layer = randomBytes(1000),
  ): Promise<{ text: string; digest: string; layer: string; config: string }> {
    const configuration = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', n: randomBytes(8).toString('hex') }));
    const config = await this.blob(repository, configuration);
    const layerDigest = await this.blob(repository, layer);
    const text = imageManifest({ digest: config, size: configuration.length }, [{ digest: layerDigest, size: layer.length }]);
    const answer = await this.manifest(repository, tag, text);
    if (answer.status !== 201) throw new Error(`PUT manifest: ${answer.status} ${answer.body}`);
    return { text, digest: digestOf(text), layer: layerDigest, config };
  }
}

interface Part {
  digest: string;
  size: number;
}

export function imageManifest(config: Part, layers: Part[], more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map((layer) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer })),
    ...more,
  });
}
