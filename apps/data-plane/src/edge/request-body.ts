import type { IncomingMessage } from 'node:http';
import { Fault } from '#lib/domain';

/** What we still read of a body nobody wants, so that the connection stays usable and the client gets to see the answer. */
const discardBytes = 16 * 1024 * 1024;
const discardMs = 5_000;
/** A client that sends nothing for this long in the middle of a body is gone, or means harm. */
export const silentBodyMs = 120_000;

/**
 * Reads a body that must be small. Refused as soon as it is known to be larger, without waiting for the rest.
 * @throws Fault `SizeInvalid` where `tooLarge` makes no other, and where the client went away.
 */
export async function readSmallBody(request: IncomingMessage, limit: number, tooLarge: () => Fault): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    const gone = () => done(new Fault('SizeInvalid', 'The request ended before its body did.'));
    const late = setTimeout(() => done(new Fault('SizeInvalid', 'The body of the request took too long.')), silentBodyMs);
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return done(tooLarge());
      chunks.push(chunk);
    };
    const done = (error?: Fault | Error) => {
      clearTimeout(late);
      request.off('data', take).off('end', end).off('error', gone).off('close', gone);
      if (error) reject(error);
      else resolve();
    };
    const end = () => done();
    request.on('data', take).on('end', end).on('error', gone).on('close', gone);
  });
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

/**
 * For a request that is answered before its body was read: reads on for a moment and then cuts the connection. Without it Node
 * would read all of it, however long it is.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let left = discardBytes;
  const cut = () => request.destroy();
  const timer = setTimeout(cut, discardMs).unref();
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.on('error', () => undefined);
  request.on('close', () => clearTimeout(timer));
  request.on('end', () => clearTimeout(timer));
  request.resume();
}
