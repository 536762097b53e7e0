import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AuthGuard, AuthModuleOptions } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault, isFault } from '#lib/domain';
import { AuthSettings } from './auth-settings.js';

/**
 * Only callers with a token of ours for the management API get past. Puts the caller on the request. Refuses as ARM does: 401,
 * `AuthenticationFailed` or `InvalidAuthenticationToken`, and where to get a token.
 *
 * It is Nest's guard around passport, and it does not run among the other guards: those run after the body was read. `authenticate`
 * runs it on the head of a request, once.
 */
@Injectable()
export class BearerGuard extends AuthGuard() {
  readonly #settings: AuthSettings;

  constructor(options: AuthModuleOptions, settings: AuthSettings) {
    super(options);
    this.#settings = settings;
  }

  /** @throws Fault `AuthenticationFailed` or `InvalidToken` */
  async authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.canActivate(new ExecutionContextHost([request, reply]));
  }

  override handleRequest<Found>(error: unknown, caller: Found | false | null | undefined, info: unknown, context: ExecutionContext): Found {
    if (caller && !error) return caller;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const fault = unreadable(request) ?? [error, info].find((one) => isFault(one)) ?? invalidToken(error ?? info);
    context.switchToHttp().getResponse<FastifyReply>().header('www-authenticate', this.#challenge(fault));
    throw fault;
  }

  #challenge(fault: Fault): string {
    const description = fault.message.replaceAll(/["\\\r\n]/g, ' ');
    return `Bearer authorization_uri="${this.#settings.managementUrl}/organizations", error="invalid_token", error_description="${description}"`;
  }
}

/** What is wrong with the `Authorization` header when it holds no bearer token. */
function unreadable({ headers: { authorization } }: FastifyRequest): Fault | null {
  if (authorization === undefined || authorization === '') {
    return new Fault('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  }
  if (/^bearer +\S+$/i.test(authorization)) return null;
  return new Fault('AuthenticationFailed', "Authentication failed. The 'Authorization' header is provided in an invalid format.");
}

const invalidToken = (cause: unknown): Fault => new Fault('InvalidToken', 'The access token is invalid.', { cause });
