import { webcrypto, KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata';
import { X509CertificateGenerator, cryptoProvider } from '@peculiar/x509';

/** Signs what docker-registry's token authentication accepts: ES256, with its certificate in the header. */
export interface TokenIssuer {
  /** The `auth.token` section of the registry's configuration. */
  readonly settings: { readonly realm: string; readonly service: string; readonly issuer: string; readonly rootcertbundle: string };
  bearer(scopes: readonly string[]): string;
}

const service = 'bench';
const issuer = 'regatta-bench';

export async function makeTokenIssuer(folder: string): Promise<TokenIssuer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  cryptoProvider.set(webcrypto as never);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const day = 86_400_000;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=regatta-bench',
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    signingAlgorithm: algorithm,
    keys: keys as never,
  });
  const bundle = join(folder, 'token-issuer.pem');
  writeFileSync(bundle, certificate.toString('pem'));
  const header = encode({ typ: 'JWT', alg: 'ES256', x5c: [Buffer.from(certificate.rawData).toString('base64')] });
  const key = KeyObject.from(keys.privateKey as never);
  return {
    settings: { realm: 'http://127.0.0.1/token', service, issuer, rootcertbundle: bundle },
    bearer: (scopes) => {
      const now = Math.floor(Date.now() / 1000);
      const claims = encode({
        iss: issuer,
        sub: 'bench',
        aud: service,
        exp: now + 3600,
        nbf: now - 10,
        iat: now,
        jti: String(now),
        access: scopes.map((scope) => {
          const [type, name, actions = ''] = scope.split(':');
          return { type, name, actions: actions.split(',') };
        }),
      });
      const signature = sign('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' });
      return `Bearer ${header}.${claims}.${signature.toString('base64url')}`;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
