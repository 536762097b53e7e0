import * as http from 'node:http';
import * as https from 'node:https';

export interface Sent {
  method?: string;
  path: string;
  /** The `Host` header; the connection always goes to this machine. */
  host: string;
  headers?: Record<string, string>;
  body?: Buffer | string | AsyncIterable<Buffer>;
}

export interface Received {
  status: number;
  headers: http.IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
  json<T = Record<string, never>>(): T;
  /** The code of the first error in the body. */
  code(): string;
}

/** A client that says exactly what it is told to: hosts that DNS does not know, odd paths, bodies that break off. */
export class HttpClient {
  readonly #agent: http.Agent;

  constructor(
    readonly port: number,
    private readonly ca?: string,
  ) {
    this.#agent = ca === undefined ? new http.Agent({ keepAlive: true }) : new https.Agent({ keepAlive: true, ca });
  }

  async send({ method = 'GET', path, host, headers = {}, body }: Sent): Promise<Received> {
    const request = this.open({ method, path, host, headers });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
    else void write(request, body);
    const response = await answered;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return received(response, Buffer.concat(chunks));
  }

  /** POST of a form, as clients ask for tokens. */
  postForm(to: { host: string; path: string }, fields: Record<string, string>): Promise<Received> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.send({ ...to, method: 'POST', headers, body: new URLSearchParams(fields).toString() });
  }

  /** A request whose body is the caller's to write. */
  open({ method = 'GET', path, host, headers = {} }: Omit<Sent, 'body'>): http.ClientRequest {
    const options = { host: '127.0.0.1', port: this.port, method, path, agent: this.#agent, headers: { host, ...headers } };
    return this.ca === undefined ? http.request(options) : https.request({ ...options, checkServerIdentity: () => undefined });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function write(request: http.ClientRequest, body: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of body) {
    if (request.destroyed) return;
    if (!request.write(chunk)) await drained(request);
  }
  request.end();
}

/** Resolves when more can be written, or never will be. */
function drained(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done).off('close', done);
      resolve();
    };
    request.on('drain', done).on('close', done);
  });
}

function received(response: http.IncomingMessage, body: Buffer): Received {
  const json = <T>() => JSON.parse(body.toString('utf8')) as T;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body,
    json,
    code: () => json<{ errors: [{ code: string }] }>().errors[0].code,
  };
}

export function basic(user: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
