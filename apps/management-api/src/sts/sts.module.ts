import { Module } from '@nestjs/common';
import { DiscoveryController } from './discovery.controller.js';
import { TokenController } from './token.controller.js';
import { TokenService } from './token.service.js';

/** The token issuer. Needs `AuthModule`. */
@Module({ controllers: [DiscoveryController, TokenController], providers: [TokenService] })
export class StsModule {}
