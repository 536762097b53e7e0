import { invalid } from './compact-jws.js';

/** Claims every token of ours carries (RFC 7519). Times are whole seconds since 1970. */
export interface RegisteredClaims {
  iss: string;
  sub: string;
  aud: string;
  iat: number;
  nbf: number;
  exp: number;
  jti: string;
}

/** A verified token: the registered claims, and whatever else its issuer put in. */
export type Claims = RegisteredClaims & { readonly [claim: string]: unknown };

/** What the caller of `verify` insists on. A list means: one of these. */
export interface Expected {
  /** Who must have issued the token; absent: the caller checks `iss` itself. */
  issuer?: string | readonly string[];
  /** Whom the token must be for; absent: the caller checks `aud` itself. */
  audience?: string | readonly string[];
}

/** How far the clocks of two machines of one installation may be apart when a token is young. Expiry has no such grace. */
export const clockSkewSeconds = 5;

const strings = ['iss', 'sub', 'aud', 'jti'] as const;
const times = ['iat', 'nbf', 'exp'] as const;

/** Checks presence and type of every registered claim, then time, issuer and audience (threat 3). */
export function checkClaims(claims: Record<string, unknown>, expected: Expected, nowSeconds: number): Claims {
  for (const name of strings) {
    if (typeof claims[name] !== 'string' || claims[name] === '') throw invalid(`The token claim ${name} is missing or not a text.`);
  }
  for (const name of times) {
    if (!Number.isSafeInteger(claims[name]) || (claims[name] as number) < 0) {
      throw invalid(`The token claim ${name} is missing or not a whole number.`);
    }
  }
  const checked = claims as Claims;
  if (checked.exp <= nowSeconds) throw invalid('The token has expired.');
  if (checked.nbf > nowSeconds + clockSkewSeconds) throw invalid('The token is not valid yet.');
  if (checked.iat > nowSeconds + clockSkewSeconds) throw invalid('The token was issued in the future.');
  if (!isOneOf(checked.iss, expected.issuer)) throw invalid('The token was issued by somebody else.');
  if (!isOneOf(checked.aud, expected.audience)) throw invalid('The token is for another audience.');
  return checked;
}

function isOneOf(value: string, wanted: string | readonly string[] | undefined): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? value === wanted : wanted.includes(value);
}
