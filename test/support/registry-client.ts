import { createHash } from 'node:crypto';
import { call, type Answer, type Call } from './wire.js';

export interface Registry {
  /** Where to connect, e.g. `http://127.0.0.1:5000`. */
  readonly url: string;
  /** The login server, sent as Host. */
  readonly loginServer: string;
  readonly username: string;
  readonly password: string;
  readonly ca?: string;
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface Image {
  readonly manifest: Buffer;
  readonly digest: string;
  readonly blobs: readonly Buffer[];
}

/** An image of these layers with a small config; the same layers make the same image. */
export function imageOf(layers: readonly Buffer[]): Image {
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: layers.map(digestOf) } }),
  );
  const descriptor = (mediaType: string, bytes: Buffer): object => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
    }),
  );
  return { manifest, digest: digestOf(manifest), blobs: [...layers, config] };
}

/** A plain client of `/v2`, with Basic credentials on every request: what a script with curl does. */
export class RegistryClient {
  constructor(readonly registry: Registry) {}

  send(method: string, path: string, options: Pick<Call, 'headers' | 'body'> = {}): Promise<Answer> {
    const { url, loginServer, username, password, ca } = this.registry;
    return call(`${url}${path}`, {
      ...options,
      method,
      ...(ca === undefined ? {} : { ca }),
      headers: {
        host: loginServer,
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        ...options.headers,
      },
    });
  }

  /** A bearer token for these scopes, from the registry's own token service. */
  async token(scopes: readonly string[]): Promise<string> {
    const query = new URLSearchParams([
      ['service', this.registry.loginServer],
      ...scopes.map((scope): [string, string] => ['scope', scope]),
    ]);
    const answer = await this.send('GET', `/oauth2/token?${query}`);
    if (answer.status !== 200) throw new Error(`No token for ${scopes.join(' ')}: ${answer.status} ${answer.body.toString('utf8')}`);
    return answer.json<{ access_token: string }>().access_token;
  }

  async startUpload(repository: string): Promise<string> {
    const answer = this.#expect(await this.send('POST', `/v2/${repository}/blobs/uploads/`), 202, 'POST upload');
    return pathOf(answer);
  }

  /** Appends one chunk; answers the Location to go on with. */
  async append(location: string, chunk: Buffer, from?: number): Promise<string> {
    const range: Record<string, string> = from === undefined ? {} : { 'content-range': `${from}-${from + chunk.length - 1}` };
    const answer = await this.send('PATCH', location, { body: chunk, headers: { 'content-type': 'application/octet-stream', ...range } });
    return pathOf(this.#expect(answer, 202, 'PATCH upload'));
  }

  /** How many bytes the session holds, and where to go on. */
  async uploadStatus(location: string): Promise<{ readonly offset: number; readonly location: string }> {
    const answer = this.#expect(await this.send('GET', location), 204, 'GET upload');
    const last = /^(?:bytes=)?0-(\d+)$/.exec(String(answer.headers.range))?.[1];
    if (last === undefined) throw new Error(`The upload's Range is ${String(answer.headers.range)}.`);
    // A session without bytes says 0-0, as one with a single byte does.
    return { offset: last === '0' ? 0 : Number(last) + 1, location: pathOf(answer) };
  }

  finish(location: string, digest: string, rest?: Buffer): Promise<Answer> {
    const path = `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;
    return this.send('PUT', path, { body: rest ?? Buffer.alloc(0), headers: { 'content-type': 'application/octet-stream' } });
  }

  async pushBlob(repository: string, bytes: Buffer): Promise<void> {
    this.#expect(await this.finish(await this.startUpload(repository), digestOf(bytes), bytes), 201, 'PUT blob');
  }

  putManifest(repository: string, reference: string, manifest: Buffer): Promise<Answer> {
    return this.send('PUT', `/v2/${repository}/manifests/${reference}`, { body: manifest, headers: { 'content-type': ociManifest } });
  }

  async pushImage(repository: string, tag: string, image: Image): Promise<void> {
    for (const blob of image.blobs) await this.pushBlob(repository, blob);
    this.#expect(await this.putManifest(repository, tag, image.manifest), 201, 'PUT manifest');
  }

  manifest(repository: string, reference: string): Promise<Answer> {
    return this.send('GET', `/v2/${repository}/manifests/${reference}`, { headers: { accept: ociManifest } });
  }

  blob(repository: string, digest: string): Promise<Answer> {
    return this.send('GET', `/v2/${repository}/blobs/${digest}`);
  }

  #expect(answer: Answer, status: number, what: string): Answer {
    if (answer.status !== status) throw new Error(`${what} was answered ${answer.status}: ${answer.body.toString('utf8').slice(0, 500)}`);
    return answer;
  }
}

function pathOf(answer: Answer): string {
  const location = answer.headers.location;
  if (!location) throw new Error(`The answer ${answer.status} has no Location.`);
  const { pathname, search } = new URL(location, 'http://any');
  return `${pathname}${search}`;
}
