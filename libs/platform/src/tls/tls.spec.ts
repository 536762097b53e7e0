import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { fastify as newFastify } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalCa, listenOn, type KeyPairPem, type Listeners } from '../index.js';

let folder: string;
let ca: KeyPairPem;
let listeners: Listeners;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-tls-'));
  ca = await LocalCa.make();
  const leaf = await (await LocalCa.open(ca)).issue(['localhost', '127.0.0.1', '::1'], 30);
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  listeners = await listenOn(newFastify(), {
    hosts: ['127.0.0.1'],
    https: {
      port: 0,
      certFile: await file('cert.pem', leaf.cert),
      keyFile: await file('key.pem', leaf.key),
      local: { caFile: await file('ca.pem', ca.cert), caKeyFile: await file('ca-key.pem', ca.key), suffix: 'localhost' },
    },
  });
});
afterAll(async () => {
  await listeners.drain(1);
  await rm(folder, { recursive: true });
});

function connect(servername: string, trusted: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: listeners.ports.https!, servername, ...(trusted ? { ca: trusted } : {}) };
    const socket = tls.connect(options, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.end();
    });
    socket.on('error', reject);
  });
}

it.each(['localhost', 'myreg.localhost', 'myreg.eastus.geo.localhost'])('a client that trusts the authority accepts %s', async (name) => {
  expect(await connect(name, ca.cert)).toContain(`DNS:${name}`);
});

it('a client that does not trust it refuses, and no certificate is made for a name outside the suffix', async () => {
  await expect(connect('myreg.localhost', undefined)).rejects.toThrow();
  await expect(connect('example.com', ca.cert)).rejects.toThrow(/altnames/);
});

it('the authority may sign certificates and the leaf may not', async () => {
  expect(new X509Certificate(ca.cert).ca).toBe(true);
  const leaf = new X509Certificate((await (await LocalCa.open(ca)).issue(['localhost'], 1)).cert);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(new X509Certificate(ca.cert))).toBe(true);
  expect(leaf.verify(new X509Certificate(ca.cert).publicKey)).toBe(true);
});
