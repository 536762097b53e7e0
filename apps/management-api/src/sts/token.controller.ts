import { Body, Controller, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BodyLimit, Public, RefusesAs } from '../arm-http/access.js';
import { formLimit } from '../arm-http/request-head.js';
import { authorityOf } from './authority.js';
import { correlationIdOf } from './correlation-id.js';
import { EntraErrorFilter, entraRefusal, unseen } from './entra-error.filter.js';
import { readTokenRequest, type TokenDialect } from './token-request.js';
import { type TokenAnswer, TokenService } from './token.service.js';

/** Tokens for client credentials (RFC 6749 4.4), as Microsoft Entra and ADFS give them. */
@ApiExcludeController()
@UseFilters(EntraErrorFilter)
@Controller()
export class TokenController {
  constructor(private readonly tokens: TokenService) {}

  @Public()
  @BodyLimit(formLimit)
  @RefusesAs(entraRefusal)
  // Clients that were told the login endpoint `…/adfs` append the tenant to it (the provider of Terraform does).
  @Post([':authority/oauth2/v2.0/token', 'adfs/:authority/oauth2/v2.0/token'])
  @HttpCode(200)
  v2(
    @Param('authority') authority: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenAnswer> {
    return this.#issue(authorityOf(authority), 'v2', body, request, reply);
  }

  @Public()
  @BodyLimit(formLimit)
  @RefusesAs(entraRefusal)
  @Post(':authority/oauth2/token')
  @HttpCode(200)
  v1(
    @Param('authority') authority: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TokenAnswer> {
    const known = authorityOf(authority);
    return this.#issue(known, known === 'adfs' ? 'adfs' : 'v1', body, request, reply);
  }

  async #issue(
    authority: string,
    dialect: TokenDialect,
    body: unknown,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<TokenAnswer> {
    reply.headers(unseen);
    if (request.headers['return-client-request-id'] === 'true') reply.header('client-request-id', correlationIdOf(request));
    const wanted = readTokenRequest(body, request.headers.authorization, dialect);
    return this.tokens.issue(authority, wanted, dialect, request.origin?.address ?? '');
  }
}
