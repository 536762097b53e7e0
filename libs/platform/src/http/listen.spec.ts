import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify as newFastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalCa, listenOn, type Listeners } from '../index.js';

let folder: string;
let listeners: Listeners;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-listen-'));
  const leaf = await (await LocalCa.open(await LocalCa.make())).issue(['localhost'], 30);
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, leaf.cert);
  await writeFile(keyFile, leaf.key);
  const fastify = newFastify();
  fastify.get('/where', (request) => ({ url: request.url, host: request.headers.host }));
  fastify.post('/refused', { onRequest: (_request, reply, done) => (reply.code(401).send('who?'), done()) }, () => 'never');
  fastify.post('/taken', (request) => ({ took: request.body }));
  listeners = await listenOn(fastify, {
    hosts: ['127.0.0.1'],
    http: { port: 0 },
    https: { port: 0, certFile, keyFile },
    unreadable: (told) => ({ told }),
  });
});
afterAll(async () => {
  await listeners.drain(1);
  await rm(folder, { recursive: true });
});

/** Sends text as it is; what came back until `until` is in it or the connection ends. */
async function exchange(port: number, text: string, until?: string, open?: (socket: Socket) => void): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  return new Promise((resolve, reject) => {
    socket.on('connect', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      if (until === undefined || !received.includes(until)) return;
      if (open) return void open(socket);
      socket.destroy();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

describe('a listener', () => {
  it('takes the absolute form of a target, whose host replaces the Host header', async () => {
    for (const target of ['http://one.example/where?x=1', 'HTTPS://one.example/where?x=1', 'http://user@one.example/where?x=1']) {
      const answer = await exchange(listeners.ports.http!, `GET ${target} HTTP/1.1\r\nHost: two.example\r\nConnection: close\r\n\r\n`);
      expect(answer).toContain('{"url":"/where?x=1","host":"one.example"}');
    }
  });

  it('refuses what is not HTTP, names no host or expects what nobody knows with a body, in words of the process', async () => {
    for (const [status, head] of [
      [400, 'GET /where HTTP/1.1'],
      [400, 'GET /where HTTP/1.1\r\nHost: a\r\nno colon'],
      [431, `GET /where HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`],
      [417, 'GET /where HTTP/1.1\r\nHost: a\r\nExpect: nothing'],
    ] as const) {
      const answer = await exchange(listeners.ports.http!, `${head}\r\n\r\n`);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\r\n\r\n{"told":"[^"]*HTTP[^"]*"}$`));
      expect(answer).toMatch(/content-type: application\/json; charset=utf-8/i);
    }
    expect(await exchange(listeners.ports.http!, 'GET /where HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('refuses by the head without asking for the body, and ends the connection', async () => {
    const head = 'POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';
    const answer = await exchange(listeners.ports.http!, head);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/connection: close/i);
  });

  it('asks for the body when it is read', async () => {
    const head =
      'POST /taken HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    let sent = false;
    const answer = await exchange(listeners.ports.http!, head, 'HTTP/1.1 100 Continue', (socket) => {
      if (!sent) socket.write('hello');
      sent = true;
    });
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(answer).toContain('{"took":"hello"}');
  });

  it('says in plain HTTP that a port speaks HTTPS', async () => {
    const answer = await exchange(listeners.ports.https!, 'GET /where HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('speaks HTTPS');
  });

  it('with as many connections as it may have closes one more, until another has left', async () => {
    const fastify = newFastify();
    fastify.get('/where', () => 'here');
    const small = await listenOn(fastify, { hosts: ['127.0.0.1'], http: { port: 0 }, maxConnections: 3 });
    const port = small.ports.http!;
    const held = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      }),
    );
    const get = () => exchange(port, 'GET /where HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').catch(() => '');
    expect(await get()).toBe('');
    held[0]!.destroy();
    await expect.poll(get).toMatch(/^HTTP\/1\.1 200 /);
    for (const socket of held) socket.destroy();
    await small.drain(1);
  });
});
