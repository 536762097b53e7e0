import type { Claims } from '../keys/claims.js';
import { invalid } from '../keys/compact-jws.js';
import type { KeyRing } from '../keys/key-ring.js';
import { VerifiedTokens } from '../keys/verified-tokens.js';
import type { Principal } from '../principals/principal.js';
import { isFor } from './audiences.js';

/** Who presents an access token of the installation's token issuer. */
export interface TokenBearer {
  /** Object id of the principal: what roles are assigned to. */
  principalId: string;
  clientId: string;
  tenantId: string;
  /** Whom the token is for: to be compared with `isFor`. */
  audience: string;
  /** Seconds since 1970. */
  expiresAt: number;
  tokenId: string;
}

export interface PrincipalTokensOptions {
  keys: KeyRing;
  /** The address the issuer is known under (`REGATTA_MANAGEMENT_URL`): the beginning of every `iss`. */
  authority: string;
  lifeSeconds?: number;
  now?: () => number;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Access tokens for principals, as Microsoft Entra issues them: the management API takes them, and the data plane's
 * `/oauth2/exchange` takes them. Not the tokens a registry issues: those have another issuer and other claims, and neither kind
 * is ever taken for the other.
 */
export class PrincipalTokens {
  readonly #keys: KeyRing;
  readonly #authority: string;
  readonly #lifeSeconds: number;
  readonly #verified: VerifiedTokens<TokenBearer>;

  constructor(options: PrincipalTokensOptions) {
    this.#keys = options.keys;
    this.#authority = options.authority.replace(/\/+$/, '');
    this.#lifeSeconds = options.lifeSeconds ?? 3600;
    this.#verified = new VerifiedTokens({ epochOf: options.keys, now: options.now, verify: (token) => this.#verify(token) });
  }

  /** The issuer of a tenant's tokens: what `iss` says and what its OpenID configuration says. */
  issuerOf(tenantId: string): string {
    return `${this.#authority}/${tenantId}/v2.0`;
  }

  /** A token that says who the principal is, for one audience. */
  issue(principal: Pick<Principal, 'id' | 'clientId' | 'tenantId'>, audience: string): { token: string; expiresInSeconds: number } {
    const token = this.#keys.sign(
      {
        aud: audience,
        iss: this.issuerOf(principal.tenantId),
        sub: principal.id,
        oid: principal.id,
        tid: principal.tenantId,
        appid: principal.clientId,
        azp: principal.clientId,
        idtyp: 'app',
        ver: '2.0',
      },
      { expiresInSeconds: this.#lifeSeconds },
    );
    return { token, expiresInSeconds: this.#lifeSeconds };
  }

  /**
   * Who presents this token; from memory when it was seen before. Pass the audiences the caller answers to, without a slash at the end.
   * @throws Fault `InvalidToken`
   */
  bearer(token: string, audiences: readonly string[]): TokenBearer {
    return requireAudience(this.#verified.get(token), audiences);
  }

  /** As `bearer`, from memory only: undefined when the token was not seen before. @throws Fault `InvalidToken` */
  recall(token: string, audiences: readonly string[]): TokenBearer | undefined {
    const known = this.#verified.recall(token);
    return known && requireAudience(known, audiences);
  }

  /**
   * Who presents a token that the caller has verified with `KeyRing.publicKeyFor`; `claims` is its payload. From then on it is
   * remembered. @throws Fault `InvalidToken`
   */
  admit(token: string, claims: Record<string, unknown>, audiences: readonly string[]): TokenBearer {
    const value = requireAudience(this.#bearerOf(this.#keys.claimsOf(claims)), audiences);
    return this.#verified.remember(token, { value, exp: value.expiresAt });
  }

  #verify(token: string): { value: TokenBearer; exp: number } {
    const value = this.#bearerOf(this.#keys.verify(token));
    return { value, exp: value.expiresAt };
  }

  /** Reads a bearer from claims whose signature and times hold. */
  #bearerOf(claims: Claims): TokenBearer {
    const { oid, tid, appid, idtyp, sub, iss, aud, exp, jti } = claims;
    if (typeof oid !== 'string' || !uuid.test(oid) || oid !== sub) throw invalid('The token claim oid is missing or not an id.');
    if (typeof tid !== 'string' || !uuid.test(tid)) throw invalid('The token claim tid is missing or not an id.');
    if (typeof appid !== 'string' || !uuid.test(appid)) throw invalid('The token claim appid is missing or not an id.');
    if (idtyp !== 'app') throw invalid('The token is not for a service principal.');
    if (iss !== this.issuerOf(tid)) throw invalid('The token was issued by somebody else.');
    return { principalId: oid, clientId: appid, tenantId: tid, audience: aud, expiresAt: exp, tokenId: jti };
  }
}

function requireAudience(bearer: TokenBearer, audiences: readonly string[]): TokenBearer {
  if (audiences.some((audience) => isFor(bearer.audience, audience))) return bearer;
  throw invalid('The token is for another audience.');
}
