import { Module } from '@nestjs/common';
import { PrincipalTokens } from '#lib/identity';
import { Credentials } from '../auth/credentials.js';
import { Rights } from '../auth/rights.js';
import type { DataPlaneConfig } from '../config.js';
import { Targets } from '../edge/target.js';
import { CONFIG } from '../injection.js';
import { RegistryTokens } from './registry-tokens.js';
import { TokenRoutes } from './token.routes.js';
import { TokenService } from './token-service.js';

/** `/oauth2` */
@Module({
  providers: [
    {
      provide: TokenService,
      inject: [Targets, Credentials, Rights, RegistryTokens, PrincipalTokens, CONFIG],
      useFactory: (
        targets: Targets,
        credentials: Credentials,
        rights: Rights,
        tokens: RegistryTokens,
        principalTokens: PrincipalTokens,
        config: DataPlaneConfig,
      ) => new TokenService(targets, credentials, rights, tokens, principalTokens, config.REGATTA_MANAGEMENT_URL),
    },
    { provide: TokenRoutes, inject: [TokenService], useFactory: (service: TokenService) => new TokenRoutes(service) },
  ],
  exports: [TokenRoutes],
})
export class TokensModule {}
