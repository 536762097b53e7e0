import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LocalCa } from '../tls/local-ca.js';
import { serveBodies } from './serve-bodies.js';
import { UnreadBodies, type UnreadBodiesOptions } from './unread-bodies.js';

const KiB = 1024;
const MiB = 1024 * KiB;
let certificate: { cert: string; key: string };
let server: Server;
let port: number;
let encrypts = false;
/** The connections as the server sees them, and the methods of the requests that it was asked. */
let accepted: Socket[] = [];
let asked: (string | undefined)[] = [];
const clients: Socket[] = [];

beforeAll(async () => {
  certificate = await (await LocalCa.open(await LocalCa.make())).issue(['localhost'], 30);
});

/** Refuses every request by its head. */
async function refuse(options?: UnreadBodiesOptions, scheme = 'http'): Promise<void> {
  const unread = new UnreadBodies(options);
  encrypts = scheme === 'https';
  accepted = [];
  asked = [];
  const handler: RequestListener = (request, response) => {
    asked.push(request.method);
    serveBodies(request, response, unread);
    response.writeHead(401, { 'content-length': 4 }).end('who?');
  };
  server = encrypts ? createTlsServer(certificate, handler) : createServer(handler);
  server.on(encrypts ? 'secureConnection' : 'connection', (socket: Socket) => accepted.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A client that has sent the head of a request. */
async function client(...lines: string[]): Promise<Socket> {
  const raw = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const socket = encrypts ? connectTls({ socket: raw, servername: 'localhost', rejectUnauthorized: false }) : raw;
  socket.on('error', () => undefined);
  clients.push(socket);
  await once(socket, encrypts ? 'secureConnect' : 'connect');
  socket.write(['PUT /a HTTP/1.1', 'Host: a', ...lines, '', ''].join('\r\n'));
  return socket;
}

/** What the server sent until `until`, or until it closed its side. */
function read(socket: Socket, until?: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (until !== undefined && text.includes(until)) resolve(text);
    });
    socket.on('end', () => resolve(text)).on('close', () => resolve(text));
    socket.resume();
  });
}

const sent = (socket: Socket, bytes: Buffer) => new Promise((resolve) => void socket.write(bytes, resolve));
const answer = /^HTTP\/1\.1 401 [^]*connection: close\r\n[^]*who\?$/i;
const chunk = (bytes: number) => Buffer.from(`${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`);

describe('A request that is refused by its head', () => {
  it.each([
    ['http', 65 * KiB],
    ['http', 4 * MiB],
    ['http', 12 * MiB],
    ['https', 4 * MiB],
  ])('over %s and sends all of its %i bytes before it reads finds the answer, and the connection ended', async (scheme, bytes) => {
    await refuse({}, scheme);
    const socket = await client(`Content-Length: ${bytes}`);
    socket.pause();
    await sent(socket, Buffer.alloc(bytes));
    expect(await read(socket)).toMatch(answer);
    socket.end();
    await once(socket, 'close');
    expect(socket.errored).toBe(null);
  });

  it('and has a short body keeps its connection', async () => {
    await refuse();
    const socket = await client(`Content-Length: ${64 * KiB}`);
    const first = await read(socket, 'who?');
    expect(first).toMatch(/^HTTP\/1\.1 401 /);
    expect(first).not.toMatch(/connection: close/i);
    socket.write(Buffer.alloc(64 * KiB));
    socket.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
    await read(socket, 'who?');
    expect([asked, accepted.length]).toEqual([['PUT', 'GET'], 1]);
  });

  it.each(['http', 'https'])(
    'costs a process without bytes to spare little over %s, and shows the answer before all ends',
    async (scheme) => {
      await refuse({ bytesPerSecond: 0, burstBytes: 0 }, scheme);
      const socket = await client(`Content-Length: ${32 * MiB}`);
      const whole = read(socket);
      socket.write(Buffer.alloc(32 * MiB));
      expect(await whole).toMatch(answer);
      expect(accepted[0]!.bytesRead).toBeLessThanOrEqual(512 * KiB);
      // The connection is still there, and is reset only later.
      expect([socket.destroyed, accepted[0]!.destroyed]).toEqual([false, false]);
      await once(accepted[0]!, 'close');
      expect(accepted[0]!.bytesRead).toBeLessThanOrEqual(512 * KiB);
    },
  );

  it('is read to 16 MiB and no further', async () => {
    await refuse({ burstBytes: 64 * MiB });
    const socket = await client('Transfer-Encoding: chunked');
    const whole = read(socket);
    for (let piece = 0; piece < 20; piece++) socket.write(chunk(MiB));
    expect(await whole).toMatch(answer);
    await once(accepted[0]!, 'close');
    expect(accepted[0]!.bytesRead).toBeGreaterThan(15 * MiB);
    expect(accepted[0]!.bytesRead).toBeLessThan(17 * MiB);
  });

  it('is the last that is done on its connection', async () => {
    await refuse();
    const socket = await client('Transfer-Encoding: chunked');
    expect(await read(socket)).toMatch(answer);
    socket.end(Buffer.concat([chunk(3), Buffer.from('0\r\n\r\nDELETE /b HTTP/1.1\r\nHost: a\r\n\r\n')]));
    await once(accepted[0]!, 'close');
    expect(asked).toEqual(['PUT']);
  });

  it('leaves no more connections that are ending than the process may have: the oldest is cut', async () => {
    await refuse({ most: 2 });
    const sockets: Socket[] = [];
    for (let count = 0; count < 3; count++) {
      const socket = await client(`Content-Length: ${4 * MiB}`);
      expect(await read(socket)).toMatch(answer);
      sockets.push(socket);
    }
    if (!accepted[0]!.destroyed) await once(accepted[0]!, 'close');
    expect(accepted.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
  });
});
