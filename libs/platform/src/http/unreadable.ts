import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** The body, to be sent as JSON, of the answer to HTTP that cannot be read. */
export type Unreadable = (message: string) => object;

interface Refusal {
  status: number;
  message: string;
}

const type = 'application/json; charset=utf-8';
const noHost: Refusal = { status: 400, message: 'The HTTP request has no Host header.' };
const unknownExpectation: Refusal = { status: 417, message: 'HTTP knows no expectation but 100-continue.' };
const malformed: Refusal = { status: 400, message: 'The request is not valid HTTP.' };
/** What Node's parser gives up on, by its codes. */
const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The head of the HTTP request, its target included, is larger than 16 KiB.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'The chunk extensions of the HTTP request are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The HTTP request did not arrive in time.' },
};

/** Answers what Node cannot parse, which no route ever sees, in the form of the protocol; then the connection ends. */
export class UnreadableRequests {
  /** The last answer begun on each connection. */
  readonly #answers = new WeakMap<Duplex, ServerResponse>();

  constructor(private readonly bodyOf: Unreadable) {}

  /** Call for every request, before it is handled. False if it was refused: it names no host (RFC 9112, 3.2). */
  begin({ socket, headers, httpVersion }: IncomingMessage, response: ServerResponse): boolean {
    this.#answers.set(socket, response);
    if (headers.host !== undefined || httpVersion !== '1.1') return true;
    this.#refuse(response, noHost);
    return false;
  }

  watch(server: Server): void {
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      const answer = this.#answers.get(socket);
      // A second answer in the middle of the first would be read as part of it.
      const isAnswering = answer?.headersSent === true && !answer.writableFinished;
      if (socket.writable && error.code !== 'ECONNRESET' && !isAnswering) socket.write(this.#answer(error.code));
      socket.destroy();
    });
    server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => this.#refuse(response, unknownExpectation));
  }

  #refuse(response: ServerResponse, { status, message }: Refusal): void {
    const body = JSON.stringify(this.bodyOf(message));
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), Connection: 'close' }).end(body);
  }

  #answer(code = ''): string {
    const { status, message } = refusals[code] ?? malformed;
    const body = JSON.stringify(this.bodyOf(message));
    return [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `Content-Type: ${type}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n');
  }
}
