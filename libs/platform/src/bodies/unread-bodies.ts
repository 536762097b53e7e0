import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { discardInput } from './discard-input.js';
import { SpareBytes } from './spare-bytes.js';

const MiB = 1024 * 1024;
/** A body up to this length is read to its end: a new connection would cost more. */
const shortBytes = 64 * 1024;
/** A longer one is read up to this length, and for so long. */
const longBytes = 16 * MiB;
const readMs = 5_000;
/** How long a connection that is not read any more stays open. */
const stillMs = 1_000;

/** Decryption makes a byte dearer. */
const tlsPrice = 2;

export interface UnreadBodiesOptions {
  /** What the process reads in a second, of all long bodies together, and what it can save up. */
  bytesPerSecond?: number;
  burstBytes?: number;
  /** Connections that may be ending at the same time. */
  most?: number;
}

/**
 * Ends requests that are answered before their body has arrived, such as those that are refused by their head. The body costs far
 * more than the answer, so the connection of a long one ends with the answer. It ends in steps, because a connection that is closed
 * with unread bytes is reset, and a client loses with it what it has not read (RFC 9112, 9.6): the answer goes out and the sending
 * side is closed, the body is read on as long as the process has bytes to spare, then the connection stands still for a moment.
 */
export class UnreadBodies {
  readonly #spare: SpareBytes;
  readonly #most: number;
  /** What cuts each connection that is ending, in the order in which they began to. */
  readonly #ending = new Set<() => void>();

  constructor({ bytesPerSecond = 8 * MiB, burstBytes = 32 * MiB, most = 256 }: UnreadBodiesOptions = {}) {
    this.#spare = new SpareBytes(bytesPerSecond, burstBytes);
    this.#most = most;
  }

  /** For every request with a body, before it is answered. */
  watch(request: IncomingMessage, response: ServerResponse): void {
    const isShort = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= shortBytes;
    const writeHead = response.writeHead.bind(response) as (...all: unknown[]) => ServerResponse;
    response.writeHead = (...all: unknown[]) => {
      if (!request.complete && !isShort) response.shouldKeepAlive = false;
      return writeHead(...all);
    };
    // Before the listener of Node, which reads all of the body, or closes the connection by `destroySoon`.
    response.prependListener('finish', () => {
      if (request.complete || request.destroyed) return;
      request.on('error', () => undefined);
      if (response.shouldKeepAlive) cutLater(request);
      else request.socket.destroySoon = () => this.#end(request);
    });
  }

  #end({ socket }: IncomingMessage): void {
    const cut = () => socket.destroy();
    let timer = setTimeout(cut, readMs).unref();
    const standStill = () => {
      clearTimeout(timer);
      timer = setTimeout(cut, stillMs).unref();
    };
    socket.once('close', () => {
      clearTimeout(timer);
      this.#ending.delete(cut);
    });
    this.#ending.add(cut);
    if (this.#ending.size > this.#most) this.#ending.values().next().value?.();
    const price = socket instanceof TLSSocket ? tlsPrice : 1;
    let left = longBytes;
    const discards = discardInput(socket, (bytes) => {
      left -= bytes;
      const goesOn = left > 0 && this.#spare.take(bytes * price);
      if (!goesOn) standStill();
      return goesOn;
    });
    if (!discards) standStill();
    socket.end();
  }
}

/** Node reads the rest of the body; the client must not take its time over it. */
function cutLater(request: IncomingMessage): void {
  const timer = setTimeout(() => request.socket.destroy(), readMs).unref();
  const done = () => clearTimeout(timer);
  request.on('end', done).on('close', done);
}
