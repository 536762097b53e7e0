import type { IncomingMessage, ServerResponse } from 'node:http';
import { paceChunks } from './chunk-pace.js';
import { discardBody } from './discard-body.js';

/** What every request with a body gets, whichever route answers it: crumbs are paced, and a body that was not taken is read only for a moment. */
export function serveBodies(request: IncomingMessage, response: ServerResponse): void {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return;
  paceChunks(request);
  // Before the listener of Node, which would read all of it.
  response.prependListener('finish', () => discardBody(request));
}
