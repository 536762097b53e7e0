import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { closedLoop } from './closed-loop.js';
import { Connection, type Target } from './connection.js';
import { BlobSource, must } from './registry-calls.js';
import { createHash } from 'node:crypto';

let server: Server;

/** A server that is handed each connection raw: what it writes is exactly what the client receives. */
async function serve(answer: (socket: Socket, received: Buffer) => void): Promise<Target> {
  server = createServer((socket) => {
    const pieces: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      answer(socket, Buffer.concat(pieces));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { address: '127.0.0.1', port: address && typeof address === 'object' ? address.port : 0, host: 'registry.test' };
}

afterEach(() => {
  server.close();
});

describe('a load connection', () => {
  it('sends what it is asked to, with the headers of its target', async () => {
    let seen = '';
    const target = await serve((socket, received) => {
      seen = received.toString('latin1');
      if (seen.endsWith('layer')) socket.write('HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n');
    });
    const connection = await Connection.open({ ...target, authorization: 'Bearer t' });
    const reply = await connection.request({
      method: 'PUT',
      path: '/a',
      headers: { 'X-One': '1' },
      body: [Buffer.from('la'), Buffer.from('yer')],
    });
    expect(reply).toMatchObject({ status: 201, bytes: 0 });
    expect(reply.headers.get('location')).toBe('/x');
    expect(seen).toBe('PUT /a HTTP/1.1\r\nHost: registry.test\r\nAuthorization: Bearer t\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nlayer');
    connection.close();
  });

  it('understands an answer however it is cut into packets, and reads on after it', async () => {
    const target = await serve((socket) => {
      const bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world';
      [...bytes].forEach((byte, index) => setTimeout(() => socket.write(byte), index));
    });
    const connection = await Connection.open(target);
    for (let turn = 0; turn < 2; turn++) {
      const reply = await connection.request({ method: 'GET', path: '/', keepBody: true });
      expect(reply.body.toString()).toBe('hello world');
    }
    connection.close();
  });

  it('expects no body after HEAD and 204, and passes over 100 Continue', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n',
    ];
    const target = await serve((socket) => socket.write(answers.shift() ?? ''));
    const connection = await Connection.open(target);
    expect((await connection.request({ method: 'HEAD', path: '/' })).status).toBe(200);
    expect((await connection.request({ method: 'GET', path: '/' })).status).toBe(204);
    expect((await connection.request({ method: 'POST', path: '/' })).status).toBe(202);
    connection.close();
  });

  it('fails loudly on framing it does not read and on a server that goes away', async () => {
    const answers = ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', null];
    const target = await serve((socket) => {
      const answer = answers.shift();
      if (answer) socket.write(answer);
      else socket.destroy();
    });
    const first = await Connection.open(target);
    await expect(first.request({ method: 'GET', path: '/' })).rejects.toThrow('Content-Length');
    const second = await Connection.open(target);
    await expect(second.request({ method: 'GET', path: '/' })).rejects.toThrow();
  });
});

describe('a closed loop', () => {
  it('counts every unit and every byte, and reports a refusal as a failure', async () => {
    let answered = 0;
    const target = await serve((socket) => {
      answered += 1;
      socket.write(answered <= 6 ? 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody' : 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n');
    });
    const get = async (connection: Connection): Promise<number> => (await must(connection, { method: 'GET', path: '/' })).bytes;
    expect(await closedLoop(target, { connections: 2, seconds: 0, atLeast: 3 }, get)).toMatchObject({ done: 6, bytes: 24, failures: 0 });
    expect(await closedLoop(target, { connections: 1, seconds: 0, atLeast: 1 }, get)).toMatchObject({
      done: 0,
      failures: 1,
      firstFailure: 'GET / was answered 500.',
    });
  });
});

describe('a blob source', () => {
  it('makes blobs of the size asked for, all different, each with its own digest', () => {
    const source = new BlobSource(3 * 1024 * 1024 + 5);
    const [first, second] = [source.next(), source.next()];
    for (const blob of [first, second]) {
      const bytes = Buffer.concat(blob.body);
      expect(bytes.length).toBe(blob.size);
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(blob.digest);
    }
    expect(first.digest).not.toBe(second.digest);
  });
});
