import type { IncomingMessage } from 'node:http';
import { ReadGate } from './read-gate.js';

/** So many chunks with fewer bytes than this are crumbs: parsing them costs far more than their bytes are worth. */
const chunks = 256;
const crumbBytes = 64 * 1024;
/** How long all other requests have the process after one read of a body in crumbs. */
const restMs = 10;

/** Bodies in crumbs whose sockets are left unread for now, in the order in which they read on. */
const resting = new Set<() => boolean>();
let waiting = false;

/**
 * Slows a body down that comes in crumbs. A socket gives the parser 64 KiB at a time, which hold ten thousand chunks of one byte: ten
 * milliseconds of the event loop. One such read is taken, of all bodies in crumbs together, then other requests have their turn.
 */
export function paceChunks(request: IncomingMessage): void {
  // With a Content-Length a read is one piece, however it was sent.
  if (request.headers['transfer-encoding'] === undefined) return;
  const gate = ReadGate.of(request);
  const push = request.push;
  let count = 0;
  let bytes = 0;
  let rests = false;
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding) => {
    if (chunk !== null) {
      bytes += chunk.length;
      if (++count === chunks) {
        if (bytes < crumbBytes && !rests) rest();
        count = bytes = 0;
      }
    }
    return push.call(request, chunk, encoding);
  };
  const rest = () => {
    rests = true;
    gate.close();
    queue(() => {
      // A body that is not being read would gather chunk by chunk.
      if (!request.readableFlowing && !request.complete && !request.destroyed) return false;
      rests = false;
      gate.open();
      return true;
    });
  };
}

function queue(readOn: () => boolean): void {
  resting.add(readOn);
  takeTurns();
}

/** Lets those that rest read on, one after another, each after a rest that begins when the read before it is over. */
function takeTurns(): void {
  if (waiting) return;
  waiting = true;
  // Timers count from the beginning of a turn of the event loop, so one that is set during a long read has run out when the read is
  // over. Two turns later the read is behind us.
  setImmediate(() => setImmediate(() => setTimeout(next, restMs)));
}

/** Lets the first of those that can read on do so. */
function next(): void {
  waiting = false;
  for (const readOn of resting) {
    if (!readOn()) continue;
    resting.delete(readOn);
    break;
  }
  if (resting.size > 0) takeTurns();
}
