import { Module } from '@nestjs/common';
import { BodyBudget, type Logger, TrustedProxies } from '#lib/platform';
import type { DataPlaneConfig } from '../config.js';
import { CONFIG, LOGGER } from '../injection.js';
import { TokenRoutes } from '../tokens/token.routes.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { V2Module } from '../v2/v2.module.js';
import { V2Routes } from '../v2/v2-routes.js';
import { Edge } from './edge.js';
import { ErrorLines } from './error-lines.js';
import { HostNames } from './host-names.js';
import { Sites } from './site.js';

/** The way in and the way out of every request. */
@Module({
  imports: [TokensModule, V2Module],
  providers: [
    {
      provide: Edge,
      inject: [CONFIG, LOGGER, V2Routes, TokenRoutes, BodyBudget],
      useFactory: (config: DataPlaneConfig, logger: Logger, v2: V2Routes, tokens: TokenRoutes, bodies: BodyBudget) => {
        const proxies = new TrustedProxies(config.REGATTA_TRUSTED_PROXIES, config.REGATTA_PROXY_HEADERS);
        const sites = new Sites(new HostNames(config.REGATTA_LOGIN_SERVER_SUFFIX));
        return new Edge(sites, proxies, v2, tokens, new ErrorLines(logger), bodies);
      },
    },
  ],
  exports: [Edge],
})
export class EdgeModule {}
