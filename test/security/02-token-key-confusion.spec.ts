import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Claims, segment, type TokenDoor, TokenDoors } from '../support/token-doors.js';

let opened: TokenDoors;
/** Where keys that a token brings along would be fetched from. */
let trap: Server;
let address: string;
let calls = 0;

beforeAll(async () => {
  trap = createServer((_request, response) => {
    calls += 1;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  trap.on('connection', () => (calls += 1));
  await new Promise((resolve) => trap.once('listening', resolve));
  address = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/keys`;
  opened = await TokenDoors.open();
});
afterAll(async () => {
  trap.close();
  await opened?.close();
});

const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Tokens with the claims of a good one, and a signature that proves nothing. */
function forgeries({ forge }: TokenDoor, claims: Claims): Record<string, string> {
  const unsigned = (header: Claims) => `${segment({ typ: 'JWT', kid: forge.kid, ...header })}.${segment(claims)}`;
  const signed = (algorithm: string, signature: (input: string) => Buffer) => {
    const input = unsigned({ alg: algorithm });
    return `${input}.${signature(input).toString('base64url')}`;
  };
  const pem = createPublicKey(forge.key).export({ format: 'pem', type: 'spki' }).toString();
  const jwk = createPublicKey(forge.key).export({ format: 'jwk' });
  const hmac = (secret: string) => signed('HS256', (input) => createHmac('sha256', secret).update(input).digest());
  const good = forge.token(claims);
  const found: Record<string, string> = {
    'a foreign key under our kid': forge.token(claims, { key: foreign.privateKey }),
    'RS256 with a foreign key': signed('RS256', (input) => sign('sha256', Buffer.from(input), rsa.privateKey)),
    'ES256 in DER': signed('ES256', (input) => sign('sha256', Buffer.from(input), { key: forge.key, dsaEncoding: 'der' })),
    'a zero signature': signed('ES256', () => Buffer.alloc(64)),
    'half a signature': good.slice(0, -40),
    'the signature of other claims': `${unsigned({ alg: 'ES256' })}.${forge.token({ ...claims, jti: 'other' }).split('.')[2]}`,
  };
  for (const alg of ['none', 'None', 'nOnE', '', null]) {
    found[`alg ${alg}, no signature`] = `${unsigned({ alg })}.`;
    found[`alg ${alg}, our signature`] = `${unsigned({ alg })}.${good.split('.')[2]}`;
  }
  for (const [title, secret] of Object.entries({ pem, 'bare pem': pem.trim(), jwk: JSON.stringify(jwk), kid: forge.kid, nothing: '' }))
    found[`HS256 with ${title}`] = hmac(secret);
  for (const kid of ['', 'other', '../../../dev/null', "' OR 1=1 --", '__proto__', 'constructor', 7, null, [forge.kid]])
    found[`kid ${JSON.stringify(kid)}`] = forge.token(claims, { header: { kid }, key: foreign.privateKey });
  const own = foreign.publicKey.export({ format: 'jwk' });
  const brought: Record<string, unknown> = { jwk: own, jku: address, x5u: address, x5c: ['MIIB'], x5t: 'AA', crit: ['exp'], b64: false };
  for (const [member, value] of Object.entries(brought)) {
    found[`${member}, and its key`] = forge.token(claims, { header: { [member]: value }, key: foreign.privateKey });
    found[`${member} without kid`] = forge.token(claims, { header: { [member]: value, kid: undefined }, key: foreign.privateKey });
    found[`${member}, and our key`] = forge.token(claims, { header: { [member]: value } });
  }
  return found;
}

it('A token that our key did not sign is refused wherever a token is taken, and nobody is asked for a key', async () => {
  for (const door of opened.doors) {
    const claims = door.claims();
    // The good one first: what is refused below is refused for its signature.
    expect([door.title, await door.status(door.forge.token(claims))]).toEqual([door.title, 200]);
    const taken: string[] = [];
    for (const [title, token] of Object.entries(forgeries(door, claims))) {
      const status = await door.status(token);
      if (status !== 401) taken.push(`${door.title} (${door.kind}), ${title}: ${status}`);
    }
    expect(taken).toEqual([]);
    expect(await door.status(door.forge.token(claims))).toBe(200);
  }
  expect(calls).toBe(0);
});

it('A token of one kind, of one place or of another installation opens no other', async () => {
  const taken: string[] = [];
  for (const door of opened.doors) {
    for (const other of opened.doors) {
      const isSame = door.forge === other.forge && door.kind === other.kind;
      // A registry takes both of its own tokens as a password.
      const isPassword = door.title.endsWith('as password') && other.forge === door.forge && other.kind !== 'principal';
      if (isSame || isPassword) continue;
      const status = await door.status(other.forge.token(other.claims()));
      if (status !== 401) taken.push(`${door.title} takes the ${other.kind} token of ${other.title}: ${status}`);
    }
  }
  expect(taken).toEqual([]);
});
