import { type CommitOptions, ContentIndex, type UploadOwner, Uploads, type UploadStatus } from '#lib/content';
import { Fault, isFault, type Scope, skuRow } from '#lib/domain';
import { type Digest, digestOf, isDigestAlgorithm, parseDigest, parseUploadRange, uploadRange } from '#lib/oci';
import { type Body, storageMetrics } from '#lib/platform';
import type { Caller } from '../auth/gate.js';
import type { Call } from '../edge/call.js';
import { FaultWithHeaders } from '../edge/failures.js';
import { repositoryScope, type RepositoryTarget, siblingRepository } from '../edge/target.js';

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
      const intake = intakeOf(call, target);
      const done = await withBody(call, (body) => this.uploads.put(owner, parseDigest(digest), body, intake));
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
    const owner = ownerOf(target, caller);
    const intake = intakeOf(call, target);
    const session = await atItsPlace(target, id, () => withBody(call, (body) => this.uploads.append(owner, id, body, intake)));
    call.answer(202, sessionHeaders(target, session));
  }

  /** PUT: the last piece, if there is one, and the digest of it all. */
  async finish(call: Call, target: RepositoryTarget, caller: Caller, id: string): Promise<void> {
    const digest = parseDigest(call.query.get('digest') ?? '');
    const owner = ownerOf(target, caller);
    const finish = (options: CommitOptions) => this.uploads.commit(owner, id, digest, options);
    const done = await atItsPlace(target, id, () => {
      if (!hasBody(call)) return finish({ storageLimit: storageLimitOf(target) });
      const intake = intakeOf(call, target);
      return withBody(call, (body) => finish({ ...intake, body }));
    });
    answerBlob(call, target, done.digest);
  }

  /** DELETE: the session ends and leaves nothing. */
  async cancel(call: Call, target: RepositoryTarget, caller: Caller, id: string): Promise<void> {
    await this.uploads.cancel(ownerOf(target, caller), id);
    call.answer(204);
  }

  /** False where the blob cannot be linked: not in `from`, or the caller may not read there. The client then uploads it. */
  async #mount(call: Call, target: RepositoryTarget, caller: Caller, digest: Digest): Promise<boolean> {
    const publicFrom = call.query.get('from') ?? '';
    const from = siblingRepository(target, publicFrom);
    if (from === null || !caller.may('repository', publicFrom, 'pull')) return false;
    return this.index.mountBlob(keyOf(target), digest, from, storageLimitOf(target));
  }
}

/** To mount a blob a client must be able to pull it where it is; a client that cannot, uploads it. */
export function mountNeeds(call: Call, target: RepositoryTarget): Scope | null {
  const from = call.query.get('from') ?? '';
  if (!call.query.has('mount') || from === target.publicName || siblingRepository(target, from) === null) return null;
  return repositoryScope(from, ['pull']);
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

/** Lends the body of a request to `work`, and gives its memory back. */
async function withBody<T>(call: Call, work: (body: Body) => Promise<T>): Promise<T> {
  const body = call.body();
  try {
    return await work(body);
  } finally {
    body.close();
    storageMetrics.received.inc(body.received);
  }
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
