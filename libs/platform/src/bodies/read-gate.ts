import type { IncomingMessage } from 'node:http';

const gates = new WeakMap<IncomingMessage, ReadGate>();

/**
 * Leaves a request's socket unread while the gate is closed. Unlike `request.pause()`, what the parser has read already still
 * reaches the listeners of the body at once: nothing gathers in lists in between.
 */
export class ReadGate {
  readonly #request: IncomingMessage;
  #closed = 0;
  #asked = false;

  /** The gate of a request: one, however often it is asked for. */
  static of(request: IncomingMessage): ReadGate {
    let gate = gates.get(request);
    if (!gate) gates.set(request, (gate = new ReadGate(request)));
    return gate;
  }

  private constructor(request: IncomingMessage) {
    this.#request = request;
    const read = request._read;
    request._read = (size) => {
      this.#asked = true;
      if (this.#closed === 0) read.call(request, size);
    };
  }

  /** Each call is undone by one call of `open`. */
  close(): void {
    if (this.#closed++ === 0) this.#request.socket.pause();
  }

  open(): void {
    if (--this.#closed > 0) return;
    // A stream asks once and waits for a chunk. If the gate closed before one came, the stream will not ask again.
    if (this.#asked) this.#request._read(0);
    // A body that is over is not read any more; the next request of the connection is.
    else if (this.#request.complete) this.#request.socket.resume();
  }
}
