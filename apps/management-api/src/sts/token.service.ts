import { Inject, Injectable } from '@nestjs/common';
import { isFault } from '#lib/domain';
import { issuedAudience, type Principal, Principals, PrincipalTokens, type SecretCheck } from '#lib/identity';
import { CONFIG } from '../arm-http/tokens.js';
import type { ManagementConfig } from '../config.js';
import { EntraError, expiredSecret, shown, unknownAudience, wrongSecret } from './entra-error.js';
import type { TokenDialect, TokenRequest } from './token-request.js';

/** The answer of the v2 endpoint; v1 adds more and writes numbers as text. */
export type TokenAnswer = Record<string, string | number>;

/** Authorities that name no tenant: the client id says whose it is. */
const anyTenant = new Set(['common', 'organizations', 'adfs']);

/** Issues access tokens to service principals that know their secret. */
@Injectable()
export class TokenService {
  constructor(
    private readonly principals: Principals,
    private readonly tokens: PrincipalTokens,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  /** @param from where the request comes from: failures are counted by it. */
  async issue(tenant: string, request: TokenRequest, dialect: TokenDialect, from: string): Promise<TokenAnswer> {
    const { REGATTA_MANAGEMENT_URL: managementUrl, REGATTA_LOGIN_SERVER_SUFFIX: suffix } = this.config;
    const audience = issuedAudience(request.audience, managementUrl, suffix);
    if (audience === null) throw unknownAudience(request.audience, tenant);
    const principal = await this.#authenticate(request, from);
    if (!anyTenant.has(tenant) && tenant !== principal.tenantId) {
      throw new EntraError(
        400,
        'unauthorized_client',
        700016,
        `Application with identifier '${shown(request.clientId)}' was not found in the directory '${shown(tenant)}'. This can happen if the application has not been installed by the administrator of the tenant. You may have sent your authentication request to the wrong tenant.`,
      );
    }
    const { token, expiresInSeconds } = this.tokens.issue(principal, audience);
    if (dialect !== 'v1') {
      return { token_type: 'Bearer', expires_in: expiresInSeconds, ext_expires_in: expiresInSeconds, access_token: token };
    }
    const now = Math.floor(Date.now() / 1000);
    return {
      token_type: 'Bearer',
      expires_in: `${expiresInSeconds}`,
      ext_expires_in: `${expiresInSeconds}`,
      expires_on: `${now + expiresInSeconds}`,
      not_before: `${now}`,
      resource: request.audience,
      access_token: token,
    };
  }

  async #authenticate(request: TokenRequest, from: string): Promise<Principal> {
    const check = await this.#check(request, from);
    switch (check.outcome) {
      case 'ok':
        return check.principal;
      case 'expired':
        throw expiredSecret(request.clientId);
      case 'wrong':
        throw wrongSecret(request.clientId);
    }
  }

  async #check(request: TokenRequest, from: string): Promise<SecretCheck> {
    try {
      return await this.principals.check(request.clientId, request.clientSecret, from);
    } catch (error) {
      if (!isFault(error, 'TooManyRequests')) throw error;
      const { retryAfterSeconds = 1 } = (error.detail ?? {}) as { retryAfterSeconds?: number };
      throw new EntraError(429, 'temporarily_unavailable', 90055, error.message, { 'retry-after': `${retryAfterSeconds}` });
    }
  }
}
