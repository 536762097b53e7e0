import type { IncomingMessage } from 'node:http';

const gates = new WeakMap<IncomingMessage, ReadGate>();

/**
 * Leaves a request's socket unread while the gate is closed. Unlike `request.pause()`, what the parser has read already still
 * reaches the listeners of the body at once: nothing gathers in lists in between.
 */
export class ReadGate {
  readonly #request: IncomingMessage;
  #closed = 0;
  #wanted = false;

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
      if (this.#closed > 0) this.#wanted = true;
      else read.call(request, size);
    };
  }

  /** Each call is undone by one call of `open`. */
  close(): void {
    if (this.#closed++ === 0) this.#request.socket.pause();
  }

  open(): void {
    if (--this.#closed > 0) return;
    if (this.#wanted) this.#request._read(0);
    // A body that is over is not read any more; the next request of the connection is.
    else if (this.#request.complete) this.#request.socket.resume();
    this.#wanted = false;
  }
}
