import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendants, privateMemory } from '../support/processes.js';
import { RawRequest } from '../support/raw-request.js';
import { digestOf } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';

const MiB = 1024 * 1024;
/** What other spec files do meanwhile with the service they share. */
const noise = 256 * MiB;

let registry: TestRegistry;
let digest: string;
const open: Socket[] = [];

beforeAll(async () => {
  registry = await testRegistry('slow');
  const blob = randomBytes(20 * MiB);
  digest = digestOf(blob);
  await registry.client.pushBlob('slow', blob);
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await registry?.remove();
});

function request(line: string, ...more: string[]): RawRequest {
  const { loginServer, name, password, service } = registry;
  const authorization = `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const made = new RawRequest(service.regions.eastus.http, [`${line} HTTP/1.1`, `Host: ${loginServer}`, authorization, ...more]);
  open.push(made.socket);
  return made;
}

/** A request line and part of a header, and nothing after it. */
async function halfHead(): Promise<Socket> {
  const socket = connect(registry.service.regions.eastus.http, '127.0.0.1');
  open.push(socket);
  await once(socket, 'connect');
  socket.write('GET /v2/ HTTP/1.1\r\nHost: ');
  return socket;
}

async function trickler(): Promise<Socket> {
  const made = request(`PATCH ${await registry.client.startUpload('slow')}`, 'Content-Length: 2000000');
  await made.write(Buffer.alloc(100_000));
  return made.socket;
}

/** Asks for 20 MiB and takes the beginning of it. */
async function idleReader(): Promise<Socket> {
  const made = request(`GET /v2/slow/blobs/${digest}`);
  expect(await made.status()).toBe(200);
  made.socket.pause();
  return made.socket;
}

const many = <T>(count: number, make: () => T | Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, make));

describe('Clients that are slow on purpose', () => {
  const floods: Record<string, () => Promise<Socket[]>> = {
    '500 half heads': () => many(500, halfHead),
    '100 uploads that stop in the middle': () => many(100, trickler),
    '40 readers that take nothing of 20 MiB': () => many(40, idleReader),
  };

  it.each(Object.entries(floods))('such as %s hold nobody up, and little memory', async (_what, flood) => {
    const before = memory();
    const clients = await flood();
    for (let served = 0; served < 100; served++) expect((await registry.client.send('GET', '/v2/')).status).toBe(200);
    expect(memory() - before).toBeLessThan(noise);
    expect(clients.every((client) => !client.destroyed)).toBe(true);
    for (const client of clients) client.destroy();
  });

  it('and reset their connections in the middle leave nothing behind', async () => {
    const descriptors = openFiles();
    for (const client of await many(60, trickler)) client.resetAndDestroy();
    for (const client of await many(60, idleReader)) client.resetAndDestroy();
    await expect.poll(openFiles).toBeLessThan(descriptors + 60);
    expect((await registry.client.send('GET', `/v2/slow/blobs/${digest}`)).body.length).toBe(20 * MiB);
  });
});

const dataPlanes = () => descendants(registry.service.pid).filter(({ commandLine }) => commandLine.includes('apps/data-plane/'));

function memory(): number {
  return dataPlanes().reduce((sum, { pid }) => sum + privateMemory(pid), 0);
}

function openFiles(): number {
  return dataPlanes().reduce((sum, { pid }) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
}
