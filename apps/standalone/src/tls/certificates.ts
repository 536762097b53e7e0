import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { writePrivately } from '../home/home.js';
import { StartError } from '../start-error.js';
import { makeAuthority, makeServerCertificate, type KeyPair } from './authority.js';

/** Files of TLS. `caFile` is what clients trust. */
export interface TlsFiles {
  caFile: string;
  certFile: string;
  keyFile: string;
}

const renewBeforeMs = 30 * 86_400_000;

/** The names a server certificate must carry for these regions and public hosts. */
export function serverNames(regions: readonly string[], hosts: readonly string[]): { names: string[]; addresses: string[] } {
  const suffixes = ['localhost', ...hosts.filter((host) => !isIP(host))];
  const names = suffixes.flatMap((suffix) => [
    suffix,
    `*.${suffix}`,
    `*.blob.${suffix}`,
    ...regions.flatMap((region) => [`*.${region}.geo.${suffix}`, `*.${region}.data.${suffix}`]),
  ]);
  return { names: [...new Set(names)], addresses: [...new Set(['127.0.0.1', '::1', ...hosts.filter((host) => isIP(host) !== 0)])] };
}

/**
 * Makes sure that `home/tls` holds a certificate authority and a server certificate of it that carries the names and lasts a month.
 * Returns whether the server certificate is new.
 */
export async function ensureCertificates(
  home: string,
  wanted: { names: string[]; addresses: string[] },
  now = Date.now(),
): Promise<TlsFiles & { renewed: boolean }> {
  const folder = join(home, 'tls');
  await mkdir(folder, { recursive: true });
  await chmod(folder, process.geteuid?.() === 0 ? 0o755 : 0o700);
  const [caFile, caKeyFile] = [join(folder, 'ca.pem'), join(folder, 'ca-key.pem')];
  const [certFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server-key.pem')];
  const kept = await readPair(caFile, caKeyFile);
  const authority = kept && lasts(kept, now) ? kept : await makeAuthority();
  if (authority !== kept) await writePair(caFile, caKeyFile, authority);
  const server = await readPair(certFile, keyFile);
  const renewed = !server || !lasts(server, now) || !isIssuedBy(server, authority) || !carries(server, wanted);
  if (renewed) await writePair(certFile, keyFile, await makeServerCertificate(authority, wanted.names, wanted.addresses));
  return { caFile, certFile, keyFile, renewed };
}

async function readPair(certFile: string, keyFile: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([readIfThere(certFile), readIfThere(keyFile)]);
  if (certificate === undefined || key === undefined) return undefined;
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { certificate, key } : undefined;
  } catch {
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new StartError(`${file} cannot be read: ${error.message}`);
  });
}

/** The key first: a certificate without its key would be made anew, a key without its certificate as well. */
async function writePair(certFile: string, keyFile: string, pair: KeyPair): Promise<void> {
  await writePrivately(keyFile, pair.key);
  await writePrivately(certFile, pair.certificate, 0o644);
}

function lasts({ certificate }: KeyPair, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return validFromDate.getTime() <= now && validToDate.getTime() - now > renewBeforeMs;
}

function isIssuedBy({ certificate }: KeyPair, authority: KeyPair): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(authority.certificate).publicKey);
}

function carries({ certificate }: KeyPair, { names, addresses }: { names: string[]; addresses: string[] }): boolean {
  const carried = new Set((new X509Certificate(certificate).subjectAltName ?? '').split(', '));
  const isThere = (address: string): boolean => new X509Certificate(certificate).checkIP(address) !== undefined;
  return names.every((name) => carried.has(`DNS:${name}`)) && addresses.every(isThere);
}
