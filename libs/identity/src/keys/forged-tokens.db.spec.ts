import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFault } from '#lib/domain';
import { Broadcast, SecretBox } from '#lib/platform';
import { testDatabase } from '#lib/testkit';
import { KeyRing } from './key-ring.js';

const expected = { issuer: 'https://issuer', audience: 'https://audience' };
const b64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

let db: Awaited<ReturnType<typeof testDatabase>>;
let broadcast: Broadcast;
let keys: KeyRing;
let ours: KeyObject;
let kid: string;
let trap: Server;
let trapUrl: string;
let calls = 0;

beforeAll(async () => {
  db = await testDatabase();
  const secrets = new SecretBox(Buffer.alloc(32, 9).toString('base64'));
  broadcast = new Broadcast({ url: db.url, applicationName: 'forged-tokens-spec' });
  keys = new KeyRing({ dataSource: db.dataSource, secrets, broadcast });
  await keys.start();
  const [row] = await db.dataSource.query('SELECT kid, sealed_private_key FROM identity.signing_keys');
  kid = row.kid;
  ours = createPrivateKey(secrets.open(row.sealed_private_key));
  trap = createServer((_request, response) => {
    calls += 1;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => trap.once('listening', resolve));
  trapUrl = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/keys`;
});
afterAll(async () => {
  await keys.close();
  await broadcast.close();
  trap.close();
  await db.drop();
});

const now = (): number => Math.floor(Date.now() / 1000);
const good = () => ({ iss: expected.issuer, sub: 'me', aud: expected.audience, jti: 'one', iat: now(), nbf: now(), exp: now() + 60 });
const forge = (claims: unknown, options: { header?: object; key?: KeyObject } = {}): string => {
  const input = `${b64({ alg: 'ES256', typ: 'JWT', kid, ...options.header })}.${b64(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: options.key ?? ours, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};

/** Refused, with a name, and without repeating the token. */
function refused(token: string): void {
  let thrown: unknown;
  try {
    keys.verify(token, expected);
  } catch (error) {
    thrown = error;
  }
  expect(isFault(thrown, 'InvalidToken'), `${String(thrown)}`).toBe(true);
  const part = token.split('.')[1];
  if (part && part.length > 8) expect((thrown as Error).message).not.toContain(part);
}

describe('a token somebody else made', () => {
  it('holds when it is ours, so that the refusals below mean something', () => {
    expect(keys.verify(forge(good()), expected)).toMatchObject({ sub: 'me' });
  });

  it('is refused without a signature (alg none)', () => {
    for (const alg of ['none', 'None', 'NONE', '']) refused(`${b64({ alg, typ: 'JWT', kid })}.${b64(good())}.`);
    refused(`${b64({ alg: 'none', typ: 'JWT', kid })}.${b64(good())}.${b64('x'.repeat(48))}`);
    refused(`${b64({ alg: 'none', kid })}.${b64(good())}`);
  });

  it('is refused when signed with our public key as an HMAC secret', () => {
    const pem = createPublicKey(ours).export({ format: 'pem', type: 'spki' }).toString();
    for (const secret of [pem, pem.trim(), kid]) {
      const input = `${b64({ alg: 'HS256', typ: 'JWT', kid })}.${b64(good())}`;
      refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
    }
  });

  it('is refused with our kid and another key', () => {
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    refused(forge(good(), { key: foreign }));
  });

  it('is refused with a kid we do not have, or none', () => {
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const strange of ['', 'other', '../../etc/passwd', "' OR 1=1", 7, null, undefined, ['a']]) {
      refused(forge(good(), { header: { kid: strange }, key: foreign }));
    }
  });

  it('is refused when its header brings a key or an address along, and nobody is called', () => {
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = foreign.publicKey.export({ format: 'jwk' });
    for (const member of [
      { jwk },
      { jku: trapUrl },
      { x5u: trapUrl },
      { x5c: ['MIIB'] },
      { x5t: 'a' },
      { crit: ['exp'] },
      { b64: false },
    ]) {
      refused(forge(good(), { header: member, key: foreign.privateKey }));
      refused(forge(good(), { header: member }));
    }
    expect(calls).toBe(0);
  });

  it('is refused when a claim is missing or of another type', () => {
    const odd = [undefined, null, '', 0, -1, true, [], {}, ['https://audience'], '9999999999', 1e309, Number.NaN];
    for (const name of Object.keys(good())) {
      for (const value of odd) {
        const claims = { ...good(), [name]: value };
        const isTime = ['iat', 'nbf'].includes(name);
        if (isTime && value === 0) continue; // Long ago is a time.
        if (['sub', 'jti'].includes(name) && value === '9999999999') continue; // Any text names somebody.
        refused(forge(claims));
      }
    }
  });

  it('is refused when it has expired, is not valid yet, or comes from the future', () => {
    refused(forge({ ...good(), exp: now() }));
    refused(forge({ ...good(), exp: now() - 3600, iat: now() - 7200, nbf: now() - 7200 }));
    refused(forge({ ...good(), nbf: now() + 30 }));
    refused(forge({ ...good(), iat: now() + 3600 }));
    refused(forge({ ...good(), exp: 1.5e9 }));
  });

  it('is refused for another audience or from another issuer', () => {
    for (const aud of ['https://audience/', 'https://AUDIENCE', 'https://other']) refused(forge({ ...good(), aud }));
    for (const iss of ['https://issuer/', 'https://issuer.evil', 'Azure Container Registry']) refused(forge({ ...good(), iss }));
  });

  it('is refused when it is no token at all', () => {
    const whole = forge(good());
    const [head, body, tail] = whole.split('.') as [string, string, string];
    const broken = [
      '',
      '.',
      '..',
      '...',
      'a.b.c',
      head,
      `${head}.${body}`,
      `${whole}.x`,
      `${whole} `,
      `${head}.${body}.${tail}=`,
      `${head}.${b64('[]')}.${tail}`,
      `${b64('null')}.${body}.${tail}`,
      `${b64('{"alg":"ES256"')}.${body}.${tail}`,
      `${head}.${body}.${tail.slice(2)}`,
      `${head}.${body}.${tail}AAAA`,
      `${head}.${body}x.${tail}`,
      'x'.repeat(100_000),
      `${head}.${'A'.repeat(20_000)}.${tail}`,
    ];
    for (const text of broken) refused(text);
  });

  it('is refused with every single character of the payload changed', () => {
    const [head, body, tail] = forge(good()).split('.') as [string, string, string];
    for (let i = 0; i < body.length; i++) refused(`${head}.${body.slice(0, i)}${body[i] === 'A' ? 'B' : 'A'}${body.slice(i + 1)}.${tail}`);
  });
});
