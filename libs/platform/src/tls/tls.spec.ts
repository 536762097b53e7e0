import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { fastify as newFastify } from 'fastify';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LocalCa, listenOn, type KeyPairPem, type Listeners } from '../index.js';
import { longestQueue, NameCertificates } from './name-certificates.js';

let folder: string;
let ca: KeyPairPem;
let listeners: Listeners;
/** The names that somebody answers to; any other costs no certificate. */
const served = ['myreg.localhost', 'myreg.eastus.geo.localhost'];

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
    serves: async (host) => served.includes(host),
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

it.each(['localhost', ...served])('a client that trusts the authority accepts %s', async (name) => {
  expect(await connect(name, ca.cert)).toContain(`DNS:${name}`);
});

it('a client that does not trust it refuses, and no certificate is made for a name outside the suffix', async () => {
  await expect(connect('myreg.localhost', undefined)).rejects.toThrow();
  await expect(connect('example.com', ca.cert)).rejects.toThrow(/altnames/);
});

it('a thousand names that nobody answers to cost no certificate', async () => {
  const issue = vi.spyOn(LocalCa.prototype, 'issue');
  try {
    const names = Array.from({ length: 1_000 }, (_, index) => `unknown${index}.localhost`);
    const certificates = new NameCertificates(ca, 'localhost', async () => false);
    const contexts = await Promise.all(names.map((name) => contextFor(certificates, name)));
    expect(contexts.filter(Boolean)).toEqual([]);
    await expect(connect('unknown.localhost', ca.cert)).rejects.toThrow(/altnames/);
    expect(issue).not.toHaveBeenCalled();
  } finally {
    issue.mockRestore();
  }
});

it('certificates are made one after the other, and what no longer fits in the queue gets the certificate of the server', async () => {
  const making = { now: 0, most: 0, made: 0 };
  const issue = vi.spyOn(LocalCa.prototype, 'issue').mockImplementation(async () => {
    making.now += 1;
    making.most = Math.max(making.most, making.now);
    await new Promise((resolve) => setImmediate(resolve));
    making.now -= 1;
    making.made += 1;
    return { cert: ca.cert, key: ca.key };
  });
  try {
    const certificates = new NameCertificates(ca, 'localhost', async () => true);
    const names = Array.from({ length: 1_000 }, (_, index) => `reg${index}.localhost`);
    const contexts = await Promise.all([...names, ...names].map((name) => contextFor(certificates, name)));
    expect(making).toEqual({ now: 0, most: 1, made: longestQueue });
    expect(contexts.filter(Boolean)).toHaveLength(2 * longestQueue);
    // What did not fit is not refused for good.
    expect(await contextFor(certificates, 'reg999.localhost')).toBeDefined();
  } finally {
    issue.mockRestore();
  }
});

it('a name gets the certificate of the server while nobody knows whether it is served', async () => {
  const certificates = new NameCertificates(ca, 'localhost', async () => Promise.reject(new Error('away')));
  expect(await contextFor(certificates, 'myreg.localhost')).toBeUndefined();
});

function contextFor(certificates: NameCertificates, name: string): Promise<tls.SecureContext | undefined> {
  return new Promise((resolve, reject) => certificates.callback(name, (error, context) => (error ? reject(error) : resolve(context))));
}

it('the authority may sign certificates and the leaf may not', async () => {
  expect(new X509Certificate(ca.cert).ca).toBe(true);
  const leaf = new X509Certificate((await (await LocalCa.open(ca)).issue(['localhost'], 1)).cert);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(new X509Certificate(ca.cert))).toBe(true);
  expect(leaf.verify(new X509Certificate(ca.cert).publicKey)).toBe(true);
});
