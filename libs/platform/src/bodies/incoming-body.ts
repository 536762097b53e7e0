import type { IncomingMessage } from 'node:http';
import type { BodyBudget } from './body-budget.js';
import { BodyError } from './body-error.js';
import { GatheredBody } from './gathered-body.js';
import { ReadGate } from './read-gate.js';

/** The body of a request. It stays unread until something is asked of it; the answer goes out on the same connection in any case. */
export function incomingBody(request: IncomingMessage, budget: BodyBudget): GatheredBody {
  const gate = ReadGate.of(request);
  let paused = true;
  let listening = false;
  const take = (chunk: Buffer) => body.push(chunk);
  const end = () => body.end();
  const broken = () => body.fail(new BodyError('broken'));
  const source = {
    pause: () => {
      paused = true;
      gate.close();
    },
    resume: () => {
      paused = false;
      gate.open();
      if (!listening) request.on('data', take).on('end', end);
      listening = true;
    },
    close: () => {
      request.off('data', take).off('end', end).off('error', broken).off('close', broken);
      // An error without a listener would end the process.
      request.on('error', () => undefined);
      if (paused) gate.open();
    },
  };
  gate.close();
  const body = new GatheredBody(source, budget, contentLength(request));
  request.on('error', broken).on('close', broken);
  if (request.destroyed) broken();
  return body;
}

/** Reads a body that must be small. Refused as soon as it is known to be larger than `limit`, without waiting for the rest. */
export async function readWhole(request: IncomingMessage, limit: number, budget: BodyBudget): Promise<Buffer> {
  const body = incomingBody(request, budget);
  try {
    return await body.whole(limit);
  } finally {
    body.close();
  }
}

function contentLength({ headers }: IncomingMessage): number | undefined {
  const text = headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
