import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Answers `Expect: 100-continue` when the body is read for the first time, not when the head has arrived: a request that is refused
 * by its head never sends the body (RFC 9110, 10.1.1). For the `checkContinue` event of a server.
 */
export function continueOnRead(request: IncomingMessage, response: ServerResponse): void {
  const { shouldKeepAlive } = response;
  // The client may send the body after a final answer, or not: what follows on the connection would be ambiguous.
  response.shouldKeepAlive = false;
  const read = request._read.bind(request);
  let asked = false;
  // Stays in place once it has asked: others may have put theirs around it.
  request._read = (size) => {
    if (!asked && !response.headersSent && !response.destroyed) {
      response.shouldKeepAlive = shouldKeepAlive;
      response.writeContinue();
    }
    asked = true;
    read(size);
  };
}
