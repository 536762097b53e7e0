import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureCertificates, serverNames } from './certificates.js';

const day = 86_400_000;
const names = serverNames(['eastus', 'westeurope'], ['localhost']);

describe('the certificates of this machine', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'regatta-tls-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const read = async (name: string): Promise<X509Certificate> => new X509Certificate(await readFile(join(home, 'tls', name)));

  it('are made once, for every name clients use', async () => {
    expect((await ensureCertificates(home, names)).renewed).toBe(true);
    expect((await ensureCertificates(home, names)).renewed).toBe(false);
    const [authority, server] = await Promise.all([read('ca.pem'), read('server.pem')]);
    expect(authority.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.checkIssued(authority)).toBe(true);
    expect(server.verify(authority.publicKey)).toBe(true);
    for (const host of ['localhost', 'myreg.eastus.geo.localhost', 'myreg.westeurope.data.localhost', 'a.blob.localhost']) {
      expect(server.checkHost(host), host).toBeDefined();
    }
    for (const address of ['127.0.0.1', '::1']) expect(server.checkIP(address), address).toBeDefined();
    expect(server.checkHost('myreg.example.com')).toBeUndefined();
  });

  it('keep their keys from other users', async () => {
    await ensureCertificates(home, names);
    for (const name of ['ca-key.pem', 'server-key.pem']) expect((await stat(join(home, 'tls', name))).mode & 0o777, name).toBe(0o600);
  });

  it('are renewed in their last month, by the same authority', async () => {
    await ensureCertificates(home, names);
    const [authority, server] = await Promise.all([read('ca.pem'), read('server.pem')]);
    expect((await ensureCertificates(home, names, Date.now() + 360 * day)).renewed).toBe(false);
    expect((await ensureCertificates(home, names, Date.now() + 368 * day)).renewed).toBe(true);
    expect((await read('ca.pem')).fingerprint256).toBe(authority.fingerprint256);
    expect((await read('server.pem')).fingerprint256).not.toBe(server.fingerprint256);
  });

  it('are made anew when a name is missing or the key is lost', async () => {
    await ensureCertificates(home, names);
    const more = serverNames(['eastus', 'westeurope'], ['localhost', 'registry.example.com', '192.0.2.7']);
    expect((await ensureCertificates(home, more)).renewed).toBe(true);
    expect((await read('server.pem')).checkHost('myreg.registry.example.com')).toBeDefined();
    expect((await read('server.pem')).checkIP('192.0.2.7')).toBeDefined();
    await rm(join(home, 'tls', 'server-key.pem'));
    expect((await ensureCertificates(home, more)).renewed).toBe(true);
  });
});
