import { connect, type Socket } from 'node:net';

/** A request written byte by byte: odd framing, bodies that stop, answers nobody reads. Plain HTTP on this machine. */
export class RawRequest {
  readonly socket: Socket;
  readonly #answer: Promise<string>;
  #text = '';

  /** `head` is the request line and the header lines; the empty line is added. */
  constructor(port: number, head: readonly string[]) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.#answer = new Promise((resolve) => {
      this.socket.on('data', (bytes) => {
        this.#text += bytes.toString('latin1');
        if (this.#text.includes('\r\n\r\n')) resolve(this.#text);
      });
      this.socket.on('close', () => resolve(this.#text));
      this.socket.on('error', () => resolve(this.#text));
    });
    this.socket.write(`${head.join('\r\n')}\r\n\r\n`);
  }

  /** Resolves when the kernel has the bytes. */
  write(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once('close', resolve);
      this.socket.write(bytes, () => {
        this.socket.off('close', resolve);
        resolve();
      });
    });
  }

  /** The status of the answer; 0 if the connection ended without one. */
  async status(): Promise<number> {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(await this.#answer)?.[1] ?? 0);
  }

  /** The answer from its first byte to the end of its head, or further. */
  answer(): Promise<string> {
    return this.#answer;
  }

  /** Resolves when the connection is closed, by whomever. */
  closed(): Promise<void> {
    return this.socket.destroyed ? Promise.resolve() : new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A chunked body of so many one-byte chunks, its end included. */
export function crumbs(count: number): Buffer {
  return Buffer.from(`${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`);
}
