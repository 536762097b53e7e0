import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as Crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 86_400_000;
/** Clients whose clock is behind ours accept a new certificate too. */
const backdate = day;

/** A certificate and its private key, both PEM. */
export interface KeyPairPem {
  cert: string;
  key: string;
}

/** A certificate authority of one machine's own: for trying the service and for tests, not for the world. */
export class LocalCa {
  private constructor(
    readonly cert: x509.X509Certificate,
    private readonly key: CryptoKey,
  ) {}

  /** Makes a new authority, good for ten years. */
  static async make(): Promise<KeyPairPem> {
    const keys = await newKeys();
    const cert = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: `CN=Regatta local CA ${randomBytes(4).toString('hex')}`,
      notBefore: new Date(Date.now() - backdate),
      notAfter: new Date(Date.now() + 3650 * day),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { cert: pem(cert), key: await keyPem(keys.privateKey) };
  }

  /** @throws Error when the texts are no certificate and key of one another. */
  static async open({ cert, key }: KeyPairPem): Promise<LocalCa> {
    const der = x509.PemConverter.decodeFirst(key);
    const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    return new LocalCa(new x509.X509Certificate(cert), privateKey as CryptoKey);
  }

  /** A server certificate for these host names and addresses, the authority's own certificate behind it. */
  async issue(names: readonly string[], days: number): Promise<KeyPairPem> {
    const keys = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: 'CN=Regatta',
      issuer: this.cert.subject,
      notBefore: new Date(Date.now() - backdate),
      notAfter: new Date(Date.now() + days * day),
      publicKey: keys.publicKey,
      signingKey: this.key,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))),
        await x509.AuthorityKeyIdentifierExtension.create(this.cert.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return { cert: `${pem(cert)}${pem(this.cert)}`, key: await keyPem(keys.privateKey) };
  }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

function serial(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f; // A positive number.
  return bytes.toString('hex');
}

function pem(cert: x509.X509Certificate): string {
  return `${cert.toString('pem').trim()}\n`;
}

async function keyPem(key: CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY').trim()}\n`;
}
