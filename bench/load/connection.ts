import { connect, type Socket } from 'node:net';

/** Where and as whom a connection speaks: the address dialled, and the header lines every request carries. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** The Host header: a login server name that needs no name resolution. */
  readonly host: string;
  /** The value of the Authorization header, or nothing when the server asks for none. */
  readonly authorization?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** How many body bytes were received, kept or not. */
  readonly bytes: number;
  /** The body, when the request asked to keep it. */
  readonly body: Buffer;
}

/** The pieces of a request body in order, written without joining or copying them. */
export type Body = readonly Buffer[];

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly keepBody?: boolean;
}

const receiveBufferSize = 256 * 1024;
const writeSize = 1024 * 1024;
const endOfHead = Buffer.from('\r\n\r\n');

/**
 * One HTTP/1.1 keep-alive connection on a raw socket, one request at a time. Received bytes land in one reused buffer
 * and are counted, not copied: an HTTP client library would be what the benchmark measures otherwise. It understands
 * what registries answer with (Content-Length, or no body), and says so when a server sends anything else.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #fixedHeaders: string;
  #head: Buffer | null = null;
  #inBody = false;
  #remaining = 0;
  #method = '';
  #keepBody = false;
  #status = 0;
  #headers = new Map<string, string>();
  #bytes = 0;
  #kept: Buffer[] = [];
  #resolve: ((reply: Reply) => void) | null = null;
  #reject: ((error: Error) => void) | null = null;
  #closed: Error | null = null;

  private constructor(target: Target, onConnect: () => void) {
    this.#fixedHeaders = `Host: ${target.host}\r\n${target.authorization ? `Authorization: ${target.authorization}\r\n` : ''}`;
    this.#socket = connect({
      host: target.address,
      port: target.port,
      noDelay: true,
      onread: { buffer: Buffer.allocUnsafe(receiveBufferSize), callback: (length, buffer) => this.#received(length, buffer) },
    });
    this.#socket.once('connect', onConnect);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('The server closed the connection.')));
  }

  static open(target: Target): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection: Connection = new Connection(target, () => {
        connection.#reject = null;
        resolve(connection);
      });
      connection.#reject = reject;
    });
  }

  /** Sends one request and resolves with its whole answer, whatever the status. */
  request(request: Request): Promise<Reply> {
    if (this.#resolve) throw new Error('A connection carries one request at a time.');
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise<Reply>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#method = request.method;
      this.#keepBody = request.keepBody ?? false;
      this.#send(request).catch((error: unknown) => this.#fail(error as Error));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  async #send({ method, path, headers = {}, body }: Request): Promise<void> {
    let head = `${method} ${path} HTTP/1.1\r\n${this.#fixedHeaders}`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    const length = body?.reduce((sum, piece) => sum + piece.length, 0);
    if (length !== undefined) head += `Content-Length: ${length}\r\n`;
    else if (method !== 'GET' && method !== 'HEAD') head += 'Content-Length: 0\r\n';
    this.#socket.write(`${head}\r\n`, 'latin1');
    for (const piece of body ?? []) {
      for (let at = 0; at < piece.length; at += writeSize) {
        if (!this.#socket.write(piece.subarray(at, at + writeSize))) await this.#drained();
        if (this.#closed) return;
      }
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  #received(length: number, buffer: Uint8Array): boolean {
    try {
      this.#consume(Buffer.from(buffer.buffer, buffer.byteOffset, length));
    } catch (error) {
      this.#fail(error as Error);
      this.#socket.destroy();
    }
    return true;
  }

  #consume(chunk: Buffer): void {
    if (!this.#inBody) {
      const head = this.#head ? Buffer.concat([this.#head, chunk]) : chunk;
      const end = head.indexOf(endOfHead);
      if (end < 0) {
        this.#head = Buffer.from(head);
        return;
      }
      this.#head = null;
      this.#readHead(head.toString('latin1', 0, end));
      chunk = head.subarray(end + 4);
      if (this.#status < 200) {
        // 100 Continue and its like: the answer proper is still to come.
        if (chunk.length > 0) this.#consume(chunk);
        return;
      }
      this.#inBody = true;
    }
    if (chunk.length > this.#remaining) throw new Error('The server sent more bytes than it announced.');
    this.#remaining -= chunk.length;
    this.#bytes += chunk.length;
    if (this.#keepBody && chunk.length > 0) this.#kept.push(Buffer.from(chunk));
    if (this.#remaining === 0) this.#finish();
  }

  #readHead(head: string): void {
    const lines = head.split('\r\n');
    this.#status = Number(lines[0]?.slice(9, 12));
    this.#headers = new Map();
    for (let i = 1; i < lines.length; i++) {
      const line = lines[i] as string;
      const colon = line.indexOf(':');
      this.#headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    this.#bytes = 0;
    this.#kept = [];
    const bodiless = this.#method === 'HEAD' || this.#status < 200 || this.#status === 204 || this.#status === 304;
    const length = this.#headers.get('content-length');
    if (!bodiless && length === undefined)
      throw new Error(`The answer ${this.#status} has no Content-Length: this loader reads no other framing.`);
    this.#remaining = bodiless ? 0 : Number(length);
  }

  #finish(): void {
    const resolve = this.#resolve;
    this.#inBody = false;
    this.#resolve = null;
    this.#reject = null;
    resolve?.({ status: this.#status, headers: this.#headers, bytes: this.#bytes, body: Buffer.concat(this.#kept) });
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    const reject = this.#reject;
    this.#resolve = null;
    this.#reject = null;
    reject?.(error);
  }
}
