import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** PEM of the authority that signed the server's certificate, for https. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body read as JSON; undefined when it is empty. */
  json<T = unknown>(): T;
}

/** Every `*.localhost` is this machine, whatever the machine's resolver thinks. */
export const loopbackLookup: LookupFunction = (_host, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** One HTTP exchange with a server on this machine. Follows nothing, hides nothing, keeps no connection. */
export function call(url: string, { method = 'GET', headers = {}, body, ca }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const request = send(
      url,
      { method, headers, agent: false, lookup: loopbackLookup, ...(ca === undefined ? {} : { ca }) },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(pieces);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: whole,
            json: <T>() => (whole.length === 0 ? undefined : JSON.parse(whole.toString('utf8'))) as T,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
