import { Fault, isTag, skuRow } from '#lib/domain';
import { ContentIndex, type StoredManifest } from '#lib/content';
import {
  algorithmOf,
  digestOf,
  type Manifest,
  manifestMaxBytes,
  parseManifest,
  parseReference,
  parseTag,
  type Reference,
  requireDigest,
} from '#lib/oci';
import type { Call } from '../edge/call.js';
import type { RepositoryTarget } from '../edge/target.js';
import { holdsTag } from './etags.js';

/** The most tags one push may set (`?tag=`, OCI distribution main). */
const mostTags = 100;

/** `/v2/<name>/manifests/<reference>` */
export class Manifests {
  constructor(private readonly index: ContentIndex) {}

  /** GET and HEAD: the bytes and the type as they were pushed, whatever `Accept` says. */
  async get(call: Call, target: RepositoryTarget, text: string): Promise<void> {
    const manifest = await this.index.manifest(keyOf(target), possibleReference(target, text));
    if (!manifest) throw unknown(target, text);
    const prepared = (manifest.prepared ??= prepare(manifest)) as Prepared;
    if (holdsTag(call.request.headers['if-none-match'], prepared.etag)) return call.answer(304, prepared.headers);
    call.answer(200, prepared.headers, manifest.bytes);
  }

  async put(call: Call, target: RepositoryTarget, text: string): Promise<void> {
    const reference = parseReference(text);
    const tags = [...new Set([...(reference.kind === 'tag' ? [reference.tag] : []), ...call.query.getAll('tag').map(parseTag)])];
    if (tags.length > mostTags) throw new Fault('TagInvalid', `One push can set at most ${mostTags} tags.`);
    const bytes = await call.smallBody(manifestMaxBytes, tooLarge);
    if (bytes.length === 0) throw new Fault('ManifestInvalid', 'The manifest is empty.');
    const digest = digestOfManifest(bytes, reference);
    const manifest = parseManifest(bytes, call.request.headers['content-type']);
    const { storage } = skuRow(target.registry.sku);
    await this.index.putManifest({ ...keyOf(target), digest, bytes, manifest, tags, storageLimit: storage < 0 ? null : storage });
    call.answer(201, [
      'Location',
      `/v2/${target.publicName}/manifests/${digest}`,
      'Docker-Content-Digest',
      digest,
      ...subjectHeader(manifest),
      ...(call.query.has('tag') ? tags.flatMap((tag) => ['OCI-Tag', tag]) : []),
    ]);
  }

  /** A tag that is deleted leaves its manifest; a manifest that is deleted takes its tags along. */
  async delete(call: Call, target: RepositoryTarget, text: string): Promise<void> {
    const reference = possibleReference(target, text);
    const was =
      reference.kind === 'tag'
        ? await this.index.deleteTag(keyOf(target), reference.tag)
        : await this.index.deleteManifest(keyOf(target), reference.digest);
    if (!was) throw unknown(target, text);
    call.answer(202);
  }
}

interface Prepared {
  etag: string;
  headers: readonly string[];
}

/** What is the same in every answer with this manifest is made once and stays beside it in memory. */
function prepare({ digest, mediaType }: StoredManifest): Prepared {
  const etag = `"${digest}"`;
  return { etag, headers: ['Content-Type', mediaType, 'Docker-Content-Digest', digest, 'ETag', etag] };
}

function digestOfManifest(bytes: Buffer, reference: Reference): ReturnType<typeof digestOf> {
  const digest = digestOf(bytes, reference.kind === 'digest' ? algorithmOf(reference.digest) : 'sha256');
  if (reference.kind === 'digest') requireDigest(digest, reference.digest);
  return digest;
}

/** Tells the client that `referrers` will list it, so that it need not keep the list in a tag (OCI 1.1, "Pushing manifests with subject"). */
function subjectHeader({ subject }: Manifest): string[] {
  return subject ? ['OCI-Subject', subject.digest] : [];
}

/** A tag that cannot be is not there; only who would set it is told what is wrong with it. */
function possibleReference(target: RepositoryTarget, text: string): Reference {
  if (!text.includes(':') && !isTag(text)) throw unknown(target, text.slice(0, 200));
  return parseReference(text);
}

function keyOf({ registry, repository }: RepositoryTarget): { registryId: string; repository: string } {
  return { registryId: registry.id, repository };
}

function unknown(target: RepositoryTarget, reference: string): Fault {
  const detail = reference.includes(':') ? { Name: target.publicName, Revision: reference } : { Name: target.publicName, Tag: reference };
  return new Fault('ManifestUnknown', `The manifest ${reference} is not in ${target.publicName}.`, { detail });
}

function tooLarge(): Fault {
  return new Fault('ManifestTooLarge', `A manifest has ${manifestMaxBytes} bytes at the most.`);
}
