import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { digestOf, ociImageIndex, ociImageManifest, parseManifest, type Digest } from '#lib/oci';
import { type Body, BodyBudget, bodyFrom, type Bucket, FileBucket, PipelinedPool } from '#lib/platform';
import { BlobStore } from './blob-store.js';
import { Collector } from './collection/collector.js';
import { ContentIndex } from './content-index.js';
import type { RepositoryKey, UploadOwner } from './types.js';
import { Uploads, type UploadsSettings } from './uploads/uploads.js';

/** What a process of a region has, and a few sentences about what people do with it. For the specs of this lib. */
export class ContentProcess {
  readonly pool: PipelinedPool;
  readonly index: ContentIndex;
  readonly uploads: Uploads;
  readonly store: BlobStore;
  readonly collector: Collector;

  constructor(
    url: string,
    readonly buckets: ReadonlyMap<string, Bucket>,
    readonly region = 'eastus',
    { graceSeconds = 0, ...more }: Partial<UploadsSettings> = {},
  ) {
    this.pool = new PipelinedPool({ url, applicationName: 'content-spec' });
    this.index = new ContentIndex({ pool: this.pool, region, graceSeconds });
    this.uploads = new Uploads({ pool: this.pool, region, buckets, graceSeconds, ...more });
    this.store = new BlobStore({ region, buckets });
    this.collector = new Collector({ pool: this.pool, buckets, graceSeconds });
  }

  get bucket(): Bucket {
    return this.buckets.get(this.region)!;
  }

  /** Pushes a blob the way most clients do: a session, then one PUT. */
  async push(at: RepositoryKey, bytes: Buffer, storageLimit: number | null = null): Promise<Digest> {
    const owner = asOwner(at);
    const { id } = await this.uploads.start(owner, { storageLimit });
    return (await this.uploads.commit(owner, id, digestOf(bytes), { storageLimit, body: body(bytes) })).digest;
  }

  /** Pushes an image of the given layers (blobs that are pushed first) under a tag. */
  async pushImage(at: RepositoryKey, tag: string | null, layers: Buffer[], more: object = {}): Promise<Digest> {
    const config = Buffer.from(JSON.stringify({ layers: layers.length }));
    await Promise.all([config, ...layers].map((bytes) => this.push(at, bytes)));
    const descriptor = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
    return this.putManifest(at, tag, {
      schemaVersion: 2,
      mediaType: ociImageManifest,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((bytes) => descriptor('application/vnd.oci.image.layer.v1.tar', bytes)),
      ...more,
    });
  }

  async putManifest(at: RepositoryKey, tag: string | null, content: { mediaType: string; [field: string]: unknown }): Promise<Digest> {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    const manifest = parseManifest(bytes, content.mediaType);
    await this.index.putManifest({ ...at, digest, bytes, manifest, tags: tag ? [tag] : [], storageLimit: null });
    return digest;
  }

  /** Reads a blob as a pull does; null if the repository does not have it. */
  async pull(at: RepositoryKey, digest: Digest): Promise<Buffer | null> {
    const blob = await this.index.blob(at, digest);
    if (!blob) return null;
    if (blob.inline) return blob.inline;
    const reader = await this.store.open(blob);
    const pieces: Buffer[] = [];
    for await (const slice of reader.read()) {
      pieces.push(Buffer.from(slice.bytes));
      slice.release();
    }
    reader.close();
    return Buffer.concat(pieces);
  }

  async close(): Promise<void> {
    await this.uploads.close();
    await this.pool.close();
  }
}

export function emptyIndex(): { mediaType: string; schemaVersion: 2; manifests: [] } {
  return { mediaType: ociImageIndex, schemaVersion: 2, manifests: [] };
}

/** Two regions in folders of their own. */
export async function regionalBuckets(): Promise<{ buckets: Map<string, Bucket>; drop: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'regatta-content-'));
  const buckets = new Map<string, Bucket>(['eastus', 'westeurope'].map((region) => [region, new FileBucket(join(root, region))]));
  const drop = async () => {
    for (const bucket of buckets.values()) await bucket.close();
    await rm(root, { recursive: true, force: true });
  };
  return { buckets, drop };
}

/** Two processes of a region on one database, with buckets in folders of their own. */
export interface TwoProcesses {
  buckets: Map<string, Bucket>;
  here: ContentProcess;
  other: ContentProcess;
  close: () => Promise<void>;
}

export async function twoProcesses(url: string): Promise<TwoProcesses> {
  const { buckets, drop } = await regionalBuckets();
  const [here, other] = [new ContentProcess(url, buckets), new ContentProcess(url, buckets)];
  const close = async () => {
    await here.close();
    await other.close();
    await drop();
  };
  return { buckets, here, other, close };
}

export function repository(name = 'app', registryId: string = randomUUID()): RepositoryKey {
  return { registryId, repository: name };
}

export function asOwner(at: RepositoryKey, principalId = 'someone'): UploadOwner {
  return { ...at, principalId };
}

/** A body as a client sends it, in pieces; with `breakAt` the client goes away after so many bytes. */
export function body(bytes: Buffer, how: { piece?: number; breakAt?: number } = {}): Body {
  return arriving(pieces(bytes, how));
}

/** Any chunks as a body. */
export function arriving(chunks: AsyncIterable<Buffer>): Body {
  return bodyFrom(chunks, budget);
}

const budget = new BodyBudget();

async function* pieces(bytes: Buffer, { piece = 65_536, breakAt = Number.POSITIVE_INFINITY }): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += piece) {
    if (at >= breakAt) throw new Error('aborted');
    yield bytes.subarray(at, Math.min(at + piece, bytes.length, breakAt));
  }
  if (breakAt < Number.POSITIVE_INFINITY) throw new Error('aborted');
}

export const small = (): Buffer => randomBytes(200);
export const large = (size = 300_001): Buffer => randomBytes(size);

/** Counts a registry's distinct bytes again, from the links and manifests themselves. */
export async function recount(dataSource: DataSource, registryId: string): Promise<number> {
  const [row] = (await dataSource.query(
    `SELECT coalesce(sum(size), 0)::bigint AS bytes FROM (
       SELECT b.digest, b.size FROM content.repository_blobs l JOIN content.repositories r ON r.id = l.repository_id
         JOIN content.blobs b ON b.digest = l.digest WHERE r.registry_id = $1
       UNION
       SELECT m.digest, octet_length(m.bytes) FROM content.manifests m JOIN content.repositories r ON r.id = m.repository_id WHERE r.registry_id = $1
     ) AS held`,
    [registryId],
  )) as [{ bytes: string }];
  return Number(row.bytes);
}
