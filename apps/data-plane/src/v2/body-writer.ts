import type { ServerResponse } from 'node:http';
import { type Slice, storageMetrics } from '#lib/platform';

/** The client went away in the middle of a body; nobody is left to be told. */
export class ClientGone extends Error {
  constructor() {
    super('The client closed the connection before the body was sent.');
    this.name = 'ClientGone';
  }
}

/** How long a client may take nothing of what is waiting for it before its connection is cut. */
const stalledMs = 120_000;

/**
 * Sends borrowed bytes as the rest of a body. Each slice is given back once the socket has it; while one is being sent, the
 * source reads the next. Ends early, with every slice returned, when the client goes away or takes nothing for two minutes.
 */
export async function sendSlices(response: ServerResponse, slices: AsyncGenerator<Slice, void, undefined>): Promise<void> {
  let wake: (() => void) | undefined;
  const onClose = () => wake?.();
  response.once('close', onClose);
  response.setTimeout(stalledMs, () => response.destroy());
  try {
    for await (const slice of slices) {
      try {
        if (response.destroyed) throw new ClientGone();
        await new Promise<void>((resolve) => {
          wake = resolve;
          response.write(slice.bytes, () => resolve());
        });
        storageMetrics.sent.inc(slice.bytes.length);
      } finally {
        slice.release();
      }
    }
    if (response.destroyed) throw new ClientGone();
    response.end();
  } finally {
    response.off('close', onClose);
    response.setTimeout(0);
  }
}
