import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { LocalCa, type KeyPairPem } from '#lib/platform';
import { writePrivately } from '../home/home.js';
import { StartError } from '../start-error.js';

/** Files of TLS. `caFile` is what clients trust. */
export interface TlsFiles {
  caFile: string;
  /** The authority's key: what the processes issue a certificate with for every name a client asks for. */
  caKeyFile: string;
  certFile: string;
  keyFile: string;
}

/** Apple's clients refuse server certificates that live longer than 825 days, browsers those over 398. */
const serverDays = 396;
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
  const authority = kept && lasts(kept, now) ? kept : await LocalCa.make();
  if (authority !== kept) await writePair(caFile, caKeyFile, authority);
  const server = await readPair(certFile, keyFile);
  const renewed = !server || !lasts(server, now) || !isIssuedBy(server, authority) || !carries(server, wanted);
  if (renewed) {
    const issuer = await LocalCa.open(authority);
    await writePair(certFile, keyFile, await issuer.issue([...wanted.names, ...wanted.addresses], serverDays));
  }
  return { caFile, caKeyFile, certFile, keyFile, renewed };
}

async function readPair(certFile: string, keyFile: string): Promise<KeyPairPem | undefined> {
  const [certificate, key] = await Promise.all([readIfThere(certFile), readIfThere(keyFile)]);
  if (certificate === undefined || key === undefined) return undefined;
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { cert: certificate, key } : undefined;
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
async function writePair(certFile: string, keyFile: string, pair: KeyPairPem): Promise<void> {
  await writePrivately(keyFile, pair.key);
  await writePrivately(certFile, pair.cert, 0o644);
}

function lasts({ cert }: KeyPairPem, now: number): boolean {
  const { validFromDate, validToDate } = new X509Certificate(cert);
  return validFromDate.getTime() <= now && validToDate.getTime() - now > renewBeforeMs;
}

function isIssuedBy({ cert }: KeyPairPem, authority: KeyPairPem): boolean {
  return new X509Certificate(cert).verify(new X509Certificate(authority.cert).publicKey);
}

function carries({ cert }: KeyPairPem, { names, addresses }: { names: string[]; addresses: string[] }): boolean {
  const carried = new Set((new X509Certificate(cert).subjectAltName ?? '').split(', '));
  const isThere = (address: string): boolean => new X509Certificate(cert).checkIP(address) !== undefined;
  return names.every((name) => carried.has(`DNS:${name}`)) && addresses.every(isThere);
}
