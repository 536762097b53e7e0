import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What identifies one request in answers, logs and support questions. */
export interface RequestIds {
  /** The client's own id where it sent a usable one, else ours: it may span several requests. */
  correlationId: string;
  requestId: string;
}

const usable = /^[A-Za-z0-9-]{8,64}$/;

export function requestIds(request: IncomingMessage): RequestIds {
  const requestId = randomUUID();
  const theirs = request.headers['x-ms-correlation-request-id'];
  return { correlationId: typeof theirs === 'string' && usable.test(theirs) ? theirs : requestId, requestId };
}
