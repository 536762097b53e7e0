import type { IncomingMessage } from 'node:http';

/** What is still read of a body that is not wanted, so that the connection stays usable and the client sees the answer. */
const discardBytes = 16 * 1024 * 1024;
const discardMs = 5_000;

const discarded = new WeakSet<IncomingMessage>();

/**
 * For a request that is answered before its body was read: reads on for a moment and then cuts the connection. Without it Node
 * would read all of it, however long it is.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed || discarded.has(request)) return;
  discarded.add(request);
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
