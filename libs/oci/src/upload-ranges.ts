import { Fault } from '#lib/domain';
import type { ByteRange } from './ranges.js';

const form = /^(?:bytes[ =])?\s*(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/i;

/**
 * `Content-Range` of an upload chunk: `<start>-<end>` (OCI distribution 1.1, end-5); the forms with unit and total that
 * proxies and older clients write are taken too. Null where there is no header: the chunk goes to the end of what is there.
 * A header that is no range, or that does not agree with `contentLength`, is `RangeInvalid` / `SizeInvalid`.
 */
export function parseUploadRange(header: string | undefined, contentLength?: number): ByteRange | null {
  if (header === undefined) return null;
  const match = form.exec(header.trim());
  if (!match)
    throw new Fault('RangeInvalid', 'Content-Range of an upload is "<start>-<end>".', { detail: { contentRange: header.slice(0, 100) } });
  const range = { start: Number(match[1]), end: Number(match[2]) };
  if (range.end < range.start) throw new Fault('RangeInvalid', 'The range of the chunk ends before it begins.', { detail: range });
  const length = range.end - range.start + 1;
  if (contentLength !== undefined && contentLength !== length) {
    throw new Fault('SizeInvalid', `Content-Range covers ${length} bytes but Content-Length is ${contentLength}.`, {
      detail: { length, contentLength },
    });
  }
  return range;
}

/** `Range` of an upload that holds `offset` bytes: `0-<last>`, and `0-0` when it is empty, as distribution writes it. */
export function uploadRange(offset: number): string {
  return `0-${Math.max(0, offset - 1)}`;
}
