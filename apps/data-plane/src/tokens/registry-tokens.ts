import { Fault } from '#lib/domain';
import { KeyRing, VerifiedTokens } from '#lib/identity';
import type { AccessEntry } from '../auth/access.js';

/** Issuer of the tokens of the data plane; tokens of our token service for Entra ID have another, so neither passes for the other. */
const issuer = 'Azure Container Registry';
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const accessTokenSeconds = 60 * 60;
/** As long as an `az acr login` lasts. */
export const refreshTokenSeconds = 3 * 60 * 60;

/**
 * How a principal signed in: by its secret, by a token of the installation for registries, or by one for the management API. A registry
 * may refuse the last (`azureADAuthenticationAsArmPolicy`), so every token carries it on.
 */
export type SignIn = 'secret' | 'acr' | 'arm';

/** Whom a token speaks for. */
export type Subject =
  | { kind: 'admin'; registryId: string; name: string; credential: string }
  | { kind: 'principal'; principalId: string; tenantId: string; via: SignIn }
  | { kind: 'anonymous' };

/** What a verified access token says. */
export interface AccessToken {
  subject: Subject;
  audience: string;
  /** Immutable ids of the registries it was issued for: one made again under the same name is another registry. */
  registries: readonly string[];
  access: readonly AccessEntry[];
}

/** What a verified refresh token says. It grants nothing by itself; rights are looked up when it is used. */
export interface RefreshToken {
  subject: Subject;
  audience: string;
  registries: readonly string[];
}

/** Issues and reads the two kinds of token of the data plane (ACR data plane, section 1.5). */
export class RegistryTokens {
  readonly #keys: KeyRing;
  readonly #verified: VerifiedTokens<AccessToken>;

  constructor(keys: KeyRing) {
    this.#keys = keys;
    this.#verified = new VerifiedTokens({ verify: (token) => this.#verifyAccess(token), epochOf: keys });
  }

  issueAccess({ subject, audience, registries, access }: AccessToken): string {
    return this.#keys.sign(
      {
        iss: issuer,
        aud: audience,
        version: '1.0',
        grant_type: 'access_token',
        ...subjectClaims(subject),
        registries,
        access,
        roles: [],
      },
      { expiresInSeconds: accessTokenSeconds },
    );
  }

  issueRefresh({ subject, audience, registries }: RefreshToken): string {
    return this.#keys.sign(
      {
        iss: issuer,
        aud: audience,
        version: '1.0',
        grant_type: 'refresh_token',
        ...subjectClaims(subject),
        registries,
        permissions: { actions: ['*'], notActions: [] },
        roles: [],
      },
      { expiresInSeconds: refreshTokenSeconds },
    );
  }

  /** The content of an access token; verified once, then remembered. @throws Fault `InvalidToken`. */
  readAccess(token: string): AccessToken {
    return this.#verified.get(token);
  }

  /** @throws Fault `InvalidToken` for whatever is no refresh token of ours for this audience. */
  readRefresh(token: string, audience: string): RefreshToken {
    const claims = this.#keys.verify(token, { issuer, audience });
    if (claims['grant_type'] !== 'refresh_token') throw odd('It is not a refresh token.');
    return { subject: subjectOf(claims), audience: claims.aud, registries: idsOf(claims) };
  }

  #verifyAccess(token: string): { value: AccessToken; exp: number } {
    const claims = this.#keys.verify(token, { issuer });
    if (claims['grant_type'] !== 'access_token') throw odd('It is not an access token.');
    return {
      value: { subject: subjectOf(claims), audience: claims.aud, registries: idsOf(claims), access: accessOf(claims) },
      exp: claims.exp,
    };
  }
}

type Claimed = { readonly sub: string; readonly [claim: string]: unknown };

function subjectClaims(subject: Subject): Record<string, unknown> & { sub: string } {
  switch (subject.kind) {
    case 'admin':
      return { sub: subject.name, kind: 'admin', registry: subject.registryId, credential: subject.credential };
    case 'principal':
      return { sub: subject.principalId, kind: 'principal', tenant: subject.tenantId, via: subject.via };
    case 'anonymous':
      return { sub: 'anonymous', kind: 'anonymous' };
  }
}

function subjectOf(claims: Claimed): Subject {
  switch (claims['kind']) {
    case 'admin':
      return { kind: 'admin', name: claims.sub, registryId: idOf(claims, 'registry'), credential: text(claims, 'credential') };
    case 'principal':
      return { kind: 'principal', principalId: idOf(claims, 'sub'), tenantId: idOf(claims, 'tenant'), via: signInOf(claims) };
    case 'anonymous':
      return { kind: 'anonymous' };
    default:
      throw odd('Its claim kind is unknown.');
  }
}

/** A token that does not say it (from before, or of a kind not known here) counts as what the fewest registries accept. */
function signInOf({ via }: Claimed): SignIn {
  return via === 'secret' || via === 'acr' ? via : 'arm';
}

function idsOf(claims: Claimed): string[] {
  const ids = claims['registries'];
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) throw odd('Its claim registries is not a list of texts.');
  return ids;
}

function accessOf(claims: Claimed): AccessEntry[] {
  const access = claims['access'];
  if (!Array.isArray(access) || !access.every(isEntry)) throw odd('Its claim access is not a list of grants.');
  return access;
}

function isEntry(value: unknown): value is AccessEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { type, name, actions } = value as Record<string, unknown>;
  return typeof type === 'string' && typeof name === 'string' && Array.isArray(actions) && actions.every((a) => typeof a === 'string');
}

function idOf(claims: Claimed, name: string): string {
  const value = text(claims, name);
  if (!uuid.test(value)) throw odd(`Its claim ${name} is not an id.`);
  return value;
}

function text(claims: Claimed, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string') throw odd(`Its claim ${name} is not a text.`);
  return value;
}

function odd(why: string): Fault {
  return new Fault('InvalidToken', `The token does not fit: ${why}`);
}
