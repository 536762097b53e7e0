import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { Fault } from '#lib/domain';

/** Longer than any token we sign, shorter than anything that hurts to parse. */
const maxTokenLength = 16 * 1024;
const base64url = /^[A-Za-z0-9_-]+$/;
/** Header members a token of ours has. Any other (`jwk`, `jku`, `x5c`, `crit`, …) is somebody else's idea and refused (threat 2). */
const knownHeader = new Set(['alg', 'kid', 'typ']);

/** The public half of a signing key as JWKS shows it (RFC 7517, RFC 7518 section 6.2). */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  kid: string;
  use: 'sig';
  alg: 'ES256';
}

/** A token taken apart, nothing about it verified yet. */
export interface CompactJws {
  kid: string;
  payload: string;
  signed: Buffer;
  signature: Buffer;
}

/** The key's thumbprint (RFC 7638): the same key has the same `kid` in every process. */
export function thumbprint(jwk: { crv: string; x: string; y: string }): string {
  const canonical = JSON.stringify({ crv: jwk.crv, kty: 'EC', x: jwk.x, y: jwk.y });
  return createHash('sha256').update(canonical).digest('base64url');
}

/** The first segment of every token signed with this key; made once per key. */
export function headerSegment(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid })).toString('base64url');
}

/** Signs `claims` with ES256. Synchronous on purpose: node:crypto signs in tens of microseconds. */
export function signCompact(header: string, claims: object, key: KeyObject): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Whether the signature is this key's over exactly these bytes. */
export function signatureHolds(jws: CompactJws, key: KeyObject): boolean {
  return verify('sha256', jws.signed, { key, dsaEncoding: 'ieee-p1363' }, jws.signature);
}

/** Takes a token apart. Whatever is not a compact ES256 JWS with a plain header throws `InvalidToken`. */
export function readCompact(token: string): CompactJws {
  if (typeof token !== 'string' || token.length > maxTokenLength) throw invalid('The token is too long.');
  const parts = token.split('.');
  const [head, body, tail] = parts;
  if (parts.length !== 3 || !head || !body || !tail || ![head, body, tail].every((part) => base64url.test(part))) {
    throw invalid('The token is not a JSON web token in compact form.');
  }
  const header = parseObject(head, 'header');
  const odd = Object.keys(header).find((member) => !knownHeader.has(member));
  if (odd !== undefined) throw invalid('The token header has a member that tokens of this service do not have.');
  if (header['alg'] !== 'ES256') throw invalid('The token is not signed with ES256.');
  if (header['typ'] !== undefined && header['typ'] !== 'JWT') throw invalid('The token type is not JWT.');
  const kid = header['kid'];
  if (typeof kid !== 'string' || kid === '') throw invalid('The token names no signing key.');
  const signature = Buffer.from(tail, 'base64url');
  if (signature.length !== 64) throw invalid('The token signature has the wrong length.');
  return { kid, payload: body, signed: Buffer.from(`${head}.${body}`), signature };
}

/** The JSON object a base64url segment holds; anything else is `InvalidToken`. */
export function parseObject(segment: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
  } catch (cause) {
    throw new Fault('InvalidToken', `The token ${what} is not JSON.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`The token ${what} is not a JSON object.`);
  return value as Record<string, unknown>;
}

export function invalid(message: string): Fault {
  return new Fault('InvalidToken', message);
}
