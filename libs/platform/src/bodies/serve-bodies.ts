import type { IncomingMessage, ServerResponse } from 'node:http';
import { paceChunks } from './chunk-pace.js';
import type { UnreadBodies } from './unread-bodies.js';

/** What every request with a body gets, whichever route answers it: crumbs are paced, and a body that was not taken is read only for a moment. */
export function serveBodies(request: IncomingMessage, response: ServerResponse, unread: UnreadBodies): void {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0') return;
  paceChunks(request);
  unread.watch(request, response);
}
