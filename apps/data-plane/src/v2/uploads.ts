import { ContentIndex, type UploadOwner, Uploads, type UploadStatus } from '#lib/content';
import { Fault, isFault, skuRow } from '#lib/domain';
import { type Digest, digestOf, isDigestAlgorithm, parseDigest, parseUploadRange, uploadRange } from '#lib/oci';
import { storageMetrics } from '#lib/platform';
import type { Caller } from '../auth/gate.js';
import type { Call } from '../edge/call.js';
import { FaultWithHeaders } from '../edge/failures.js';
import { silentBodyMs } from '../edge/request-body.js';
import { type RepositoryTarget, siblingRepository } from '../edge/target.js';

/** `/v2/<name>/blobs/uploads/` and the sessions below it */
export class UploadRoutes {
  constructor(
    private readonly index: ContentIndex,
    private readonly uploads: Uploads,
  ) {}

  /** POST: mounts a blob, takes a whole blob, or opens a session, whichever the query asks for and can be done. */
  async start(call: Call, target: RepositoryTarget, caller: Caller): Promise<void> {
    const owner = ownerOf(target, caller);
    const mount = call.query.get('mount');
    if (mount !== null && (await this.#mount(call, target, caller, parseDigest(mount))))
      return answerBlob(call, target, parseDigest(mount));
    const digest = call.query.get('digest');
    if (digest !== null && mount === null && hasBody(call, parseDigest(digest))) {
      const done = await this.uploads.put(owner, parseDigest(digest), body(call), intakeOf(call, target));
      return answerBlob(call, target, done.digest);
    }
    const session = await this.uploads.start(owner, { storageLimit: storageLimitOf(target), ...algorithmOf(call) });
    call.answer(202, sessionHeaders(target, session));
  }

  /** GET: how far the session is. */
  async status(call: Call, target: RepositoryTarget, caller: Caller, id: string): Promise<void> {
    call.answer(204, sessionHeaders(target, await this.uploads.status(ownerOf(target, caller), id)));
  }

  /** PATCH: one chunk at the place `Content-Range` names, or a stream that goes to the end of what is there. */
  async append(call: Call, target: RepositoryTarget, caller: Caller, id: string): Promise<void> {
    const intake = intakeOf(call, target);
    const session = await atItsPlace(target, id, () => this.uploads.append(ownerOf(target, caller), id, body(call), intake));
    call.answer(202, sessionHeaders(target, session));
  }

  /** PUT: the last piece, if there is one, and the digest of it all. */
  async finish(call: Call, target: RepositoryTarget, caller: Caller, id: string): Promise<void> {
    const digest = parseDigest(call.query.get('digest') ?? '');
    const options = hasBody(call) ? { ...intakeOf(call, target), body: body(call) } : { storageLimit: storageLimitOf(target) };
    const done = await atItsPlace(target, id, () => this.uploads.commit(ownerOf(target, caller), id, digest, options));
    answerBlob(call, target, done.digest);
  }

  /** DELETE: the session ends and leaves nothing. */
  async cancel(call: Call, target: RepositoryTarget, caller: Caller, id: string): Promise<void> {
    await this.uploads.cancel(ownerOf(target, caller), id);
    call.answer(204);
  }

  /** False where the blob cannot be linked: not in `from`, or the caller may not read there. The client then uploads it. */
  async #mount(call: Call, target: RepositoryTarget, caller: Caller, digest: Digest): Promise<boolean> {
    const publicFrom = call.query.get('from');
    const from = publicFrom === null ? null : siblingRepository(target, publicFrom);
    if (publicFrom === null || from === null || !caller.may('repository', publicFrom, 'pull')) return false;
    return this.index.mountBlob(keyOf(target), digest, from, storageLimitOf(target));
  }
}

function keyOf({ registry, repository }: RepositoryTarget): { registryId: string; repository: string } {
  return { registryId: registry.id, repository };
}

/** A session belongs to who opened it, in this repository: to anybody else it does not exist (threat 8). */
function ownerOf(target: RepositoryTarget, { subject }: Caller): UploadOwner {
  return { ...keyOf(target), principalId: subject.kind === 'principal' ? subject.principalId : subject.kind };
}

/** Bytes the registry may hold; null: as many as there is room for. */
function storageLimitOf({ registry }: RepositoryTarget): number | null {
  const { storage } = skuRow(registry.sku);
  return storage < 0 ? null : storage;
}

function algorithmOf(call: Call): { algorithm?: 'sha256' | 'sha512' } {
  const algorithm = call.query.get('digest-algorithm');
  if (algorithm === null) return {};
  if (!isDigestAlgorithm(algorithm)) throw new Fault('DigestInvalid', 'The digest algorithm must be sha256 or sha512.');
  return { algorithm };
}

/** Whether the request brings bytes. A POST with `?digest=` and an empty body is a blob only if the digest is that of nothing. */
function hasBody(call: Call, digest?: Digest): boolean {
  if (call.request.headers['transfer-encoding'] !== undefined) return true;
  const length = call.contentLength ?? 0;
  if (length > 0 || digest === undefined) return length > 0;
  return digest === digestOf(Buffer.alloc(0), digest.startsWith('sha512:') ? 'sha512' : 'sha256');
}

/** Where the body goes, how long it says it is, and what may come of it. */
function intakeOf(call: Call, target: RepositoryTarget): { at?: number; length?: number; storageLimit: number | null; sizeLimit: number } {
  const length = call.contentLength;
  const range = parseUploadRange(call.request.headers['content-range'], length);
  const sizeLimit = skuRow(target.registry.sku).layerSize;
  const size = Math.max(range ? range.end + 1 : 0, length ?? 0);
  if (size > sizeLimit)
    throw new Fault('SizeInvalid', `A blob has ${sizeLimit} bytes at the most.`, { detail: { size, limit: sizeLimit } });
  return { ...(range && { at: range.start }), ...(length !== undefined && { length }), storageLimit: storageLimitOf(target), sizeLimit };
}

/** The body as it arrives. A client that is silent in the middle of it is cut off; what arrived stays. */
function body({ request }: Call): AsyncIterable<Buffer> {
  request.setTimeout(silentBodyMs, () => request.destroy());
  // What comes after the body is our time, not the client's.
  request.once('end', () => request.setTimeout(0));
  // Leaving a body early must leave the connection alone: the answer goes out on it.
  return counted(request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>);
}

/** The same chunks, counted as they pass; a generator would cost more per chunk. */
function counted(chunks: AsyncIterableIterator<Buffer>): AsyncIterable<Buffer> {
  const iterator: AsyncIterator<Buffer> = {
    async next() {
      const chunk = await chunks.next();
      if (!chunk.done) storageMetrics.received.inc(chunk.value.length);
      return chunk;
    },
    return: () => chunks.return!(),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** A piece at the wrong place is answered with the right one (OCI 1.1, "Pushing a blob in chunks": 416, then go on from `Range`). */
async function atItsPlace<T>(target: RepositoryTarget, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const offset = isFault(error, 'RangeInvalid') ? (error.detail as { offset?: unknown } | undefined)?.offset : undefined;
    if (!isFault(error) || typeof offset !== 'number') throw error;
    throw new FaultWithHeaders(error, sessionHeaders(target, { id, offset }));
  }
}

/** `Location` is relative with a leading slash: the Azure SDK cuts that off and puts its own host in front (ACR data plane, section 2.3). */
function sessionHeaders(target: RepositoryTarget, { id, offset }: UploadStatus): string[] {
  return ['Location', `/v2/${target.publicName}/blobs/uploads/${id}`, 'Range', uploadRange(offset), 'Docker-Upload-UUID', id];
}

function answerBlob(call: Call, target: RepositoryTarget, digest: Digest): void {
  call.answer(201, ['Location', `/v2/${target.publicName}/blobs/${digest}`, 'Docker-Content-Digest', digest]);
}
