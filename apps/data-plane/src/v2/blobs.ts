import { BlobStore, ContentIndex, type LinkedBlob } from '#lib/content';
import { Fault } from '#lib/domain';
import { type ByteRange, contentRange, parseByteRange, parseDigest } from '#lib/oci';
import { storageMetrics } from '#lib/platform';
import type { Caller } from '../auth/gate.js';
import type { Call } from '../edge/call.js';
import type { RepositoryTarget } from '../edge/target.js';
import { sendSlices } from './body-writer.js';
import { holdsTag } from './etags.js';

/** `/v2/<name>/blobs/<digest>` */
export class Blobs {
  constructor(
    private readonly index: ContentIndex,
    private readonly store: BlobStore,
  ) {}

  /** GET and HEAD. A blob is there if this repository links it, whoever else has it (threat 9). */
  async get(call: Call, target: RepositoryTarget, text: string, caller: Caller): Promise<void> {
    const digest = parseDigest(text);
    // Who may push and is told by a HEAD that the blob is there will name it in a manifest and not upload it.
    const pushes = call.method === 'HEAD' && caller.may('repository', target.publicName, 'push');
    const blob = await (pushes ? this.index.blobForPush(keyOf(target), digest) : this.index.blob(keyOf(target), digest));
    if (!blob) throw unknown(target, text);
    const { etag, headers } = (blob.prepared ??= prepare(blob)) as Prepared;
    if (holdsTag(call.request.headers['if-none-match'], etag)) return call.answer(304, headers);
    const range = wantedRange(call, blob.size, etag);
    if (blob.inline) return answerInline(call, blob, blob.inline, headers, range);
    if (call.method === 'HEAD') return call.headOnly(200, partHeaders(headers, blob.size, null));
    const reader = await this.store.open(blob);
    try {
      call.head(range ? 206 : 200, partHeaders(headers, blob.size, range));
      await sendSlices(call.response, reader.read(range?.start, range?.end));
    } finally {
      reader.close();
    }
  }

  async delete(call: Call, target: RepositoryTarget, text: string): Promise<void> {
    if (!(await this.index.deleteBlob(keyOf(target), parseDigest(text)))) throw unknown(target, text);
    call.answer(202);
  }
}

interface Prepared {
  etag: string;
  headers: readonly string[];
}

function prepare({ digest }: LinkedBlob): Prepared {
  const etag = `"${digest}"`;
  return {
    etag,
    headers: [
      'Content-Type',
      'application/octet-stream',
      'Docker-Content-Digest',
      digest,
      'ETag',
      etag,
      'Accept-Ranges',
      'bytes',
      'Cache-Control',
      'max-age=31536000',
    ],
  };
}

/** What `Range` asks of a GET (RFC 9110, 14.2); all of it where `If-Range` names another state of the blob (13.1.5). */
function wantedRange(call: Call, size: number, etag: string): ByteRange | null {
  const { range, 'if-range': condition } = call.request.headers;
  if (call.method !== 'GET' || range === undefined || (condition !== undefined && String(condition).trim() !== etag)) return null;
  return parseByteRange(range, size);
}

function partHeaders(headers: readonly string[], size: number, range: ByteRange | null): string[] {
  return range
    ? [...headers, 'Content-Length', String(range.end - range.start + 1), 'Content-Range', contentRange(range, size)]
    : [...headers, 'Content-Length', String(size)];
}

function answerInline(call: Call, blob: LinkedBlob, bytes: Buffer, headers: readonly string[], range: ByteRange | null): void {
  const part = range ? bytes.subarray(range.start, range.end + 1) : bytes;
  if (call.method === 'GET') storageMetrics.sent.inc(part.length);
  call.answer(range ? 206 : 200, range ? [...headers, 'Content-Range', contentRange(range, blob.size)] : headers, part);
}

function keyOf({ registry, repository }: RepositoryTarget): { registryId: string; repository: string } {
  return { registryId: registry.id, repository };
}

function unknown(target: RepositoryTarget, digest: string): Fault {
  return new Fault('BlobUnknown', `The blob ${digest} is not in ${target.publicName}.`, { detail: { digest } });
}
