import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import passport from 'passport';
import { Fault, isFault } from '#lib/domain';
import { KeyRing, PrincipalTokens } from '#lib/identity';
import { publicRoute } from '../arm-http/access.js';
import type { Caller } from '../arm-http/access.js';
import { ArmJwtStrategy, authorizationForm, managementAudiences } from './arm-jwt.strategy.js';
import { AuthSettings } from './auth-settings.js';

const strategyName = 'arm-jwt';

/**
 * Nobody gets past without a token of ours that is for the management API, except on routes marked `@Public()`. Puts the caller
 * on the request. Refuses as ARM does: 401, `AuthenticationFailed` or `InvalidAuthenticationToken`, and where to get a token.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  // An Authenticator of its own: passport's global one would be shared by every app in the process.
  readonly #passport = new passport.Passport();

  constructor(
    private readonly reflector: Reflector,
    private readonly settings: AuthSettings,
    keys: KeyRing,
    tokens: PrincipalTokens,
  ) {
    this.#passport.use(strategyName, new ArmJwtStrategy(keys, tokens, managementAudiences(settings.managementUrl)));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicRoute, [context.getHandler(), context.getClass()])) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    try {
      request.caller = await this.#callerOf(request);
    } catch (error) {
      if (isFault(error)) http.getResponse<FastifyReply>().header('www-authenticate', this.#challenge(error));
      throw error;
    }
    return true;
  }

  #callerOf(request: FastifyRequest): Promise<Caller> {
    const form = authorizationForm(request);
    if (form === 'absent') return Promise.reject(new Fault('AuthenticationFailed', missingHeader));
    if (form === 'other') return Promise.reject(new Fault('AuthenticationFailed', oddHeader));
    return new Promise((resolve, reject) => {
      const done = (error: unknown, caller: Caller | false | null | undefined, info: unknown) => {
        if (error) reject(error);
        else if (caller) resolve(caller);
        else reject(isFault(info) ? info : new Fault('InvalidToken', 'The access token is invalid.', { cause: info }));
      };
      // passport's types want Express; it reads nothing of the request but its headers.
      this.#passport.authenticate(strategyName, { session: false }, done)(request as never, undefined as never, reject);
    });
  }

  #challenge(fault: Fault): string {
    const description = fault.message.replaceAll(/["\\\r\n]/g, ' ');
    return `Bearer authorization_uri="${this.settings.managementUrl}/organizations", error="invalid_token", error_description="${description}"`;
  }
}

const missingHeader = "Authentication failed. The 'Authorization' header is missing.";
const oddHeader = "Authentication failed. The 'Authorization' header is provided in an invalid format.";
