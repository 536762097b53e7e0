import { Controller, Get, Header, Param, Query, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { KeyRing, type PublicJwk } from '#lib/identity';
import { Public, RefusesAs } from '../arm-http/access.js';
import { AuthSettings } from '../auth/auth-settings.js';
import { authorityOf } from './authority.js';
import { instanceDiscovery, openIdConfiguration } from './discovery-documents.js';
import { EntraErrorFilter, entraRefusal } from './entra-error.filter.js';

const hourly = 'public, max-age=3600';

/** Where clients learn how to get tokens, and how to verify them. */
@ApiExcludeController()
@UseFilters(EntraErrorFilter)
@Controller()
export class DiscoveryController {
  constructor(
    private readonly settings: AuthSettings,
    private readonly keys: KeyRing,
  ) {}

  @Public()
  @RefusesAs(entraRefusal)
  @Get(':authority/v2.0/.well-known/openid-configuration')
  @Header('cache-control', hourly)
  configurationV2(@Param('authority') authority: string): Record<string, unknown> {
    return openIdConfiguration(this.settings.managementUrl, authorityOf(authority), 'v2');
  }

  @Public()
  @RefusesAs(entraRefusal)
  @Get(':authority/.well-known/openid-configuration')
  @Header('cache-control', hourly)
  configurationV1(@Param('authority') authority: string): Record<string, unknown> {
    return openIdConfiguration(this.settings.managementUrl, authorityOf(authority), 'v1');
  }

  /** `authorization_endpoint` is the URL a client wants to know about; whatever it is, the answer is about this authority. */
  @Public()
  @RefusesAs(entraRefusal)
  @Get('common/discovery/instance')
  @Header('cache-control', hourly)
  instance(@Query('authorization_endpoint') endpoint: unknown): Record<string, unknown> {
    const [, asked = 'common'] = (typeof endpoint === 'string' ? URL.parse(endpoint)?.pathname.split('/') : undefined) ?? [];
    return instanceDiscovery(this.settings.managementUrl, authorityOf(asked === '' ? 'common' : asked));
  }

  // Verifiers look again when they meet a key they do not know; until the next rotation they may keep what they have.
  @Public()
  @RefusesAs(entraRefusal)
  @Get([':authority/discovery/v2.0/keys', ':authority/discovery/keys'])
  @Header('cache-control', hourly)
  jwks(@Param('authority') authority: string): { keys: PublicJwk[] } {
    authorityOf(authority);
    return this.keys.jwks();
  }
}
