import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

const text = 'This port speaks HTTPS, and the request came in plain HTTP. Use https:// in the address.\n';
const answer = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain; charset=utf-8',
  `Content-Length: ${Buffer.byteLength(text)}`,
  'Connection: close',
  '',
  text,
].join('\r\n');

/** Tells a client that speaks plain HTTP to an HTTPS port what is wrong; without it the connection would just end. */
export function answerPlainHttp(server: Server): void {
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code !== 'ERR_SSL_HTTP_REQUEST') return;
    // The TLS layer has given up; the connection below it is still open. Node has no public name for it.
    const { _parent: connection } = socket as unknown as { _parent?: Duplex };
    connection?.on('error', () => connection.destroy()).end(answer);
  });
}
