import { Fault } from '#lib/domain';

/** Bytes `start` to `end`, both counted in. */
export interface ByteRange {
  start: number;
  end: number;
}

const single = /^(?:bytes=)?\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i;

/**
 * What `Range` asks of something of `size` bytes (RFC 9110, 14.1.2): null means all of it. Understood are `bytes=a-b`,
 * `bytes=a-`, `bytes=-n`, and the same without unit, as the Azure SDK resumes a download (`Range: 100-`). Several ranges,
 * other units and nonsense are ignored, as the RFC allows. A range that begins behind the end, or ends before it begins,
 * is the fault `RangeInvalid` (416) with `detail.size`; an answer to it carries `unsatisfiedRange(size)`.
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange | null {
  if (header === undefined) return null;
  const match = single.exec(header.trim());
  if (!match) return null;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return null;
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || (last !== '' && Number(last) < start)) throw unsatisfiable(size);
  return { start, end };
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) throw unsatisfiable(size);
  return { start: Math.max(0, size - length), end: size - 1 };
}

function unsatisfiable(size: number): Fault {
  return new Fault('RangeInvalid', 'The requested range lies outside the content.', { detail: { size } });
}

/** `Content-Range` of a 206. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`;
}

/** `Content-Range` of a 416. */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}
