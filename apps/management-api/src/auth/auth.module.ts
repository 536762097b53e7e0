import { randomUUID } from 'node:crypto';
import { type DynamicModule, Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AuthModuleOptions } from '@nestjs/passport';
import { DataSource } from 'typeorm';
import { KeyRing, managementAudiences, Principals, PrincipalTokens, RoleAssignments } from '#lib/identity';
import { Broadcast, type Logger, SecretBox } from '#lib/platform';
import { LOGGER } from '../arm-http/tokens.js';
import { AuthSettings } from './auth-settings.js';
import { BearerGuard } from './bearer.guard.js';
import { bearerStrategy } from './bearer.strategy.js';

const identityParts = [KeyRing, Principals, PrincipalTokens, RoleAssignments];

/**
 * Who may do what: the identity lib as injectables, and what authenticates a request. Needs `DataSource`, `Broadcast`, `SecretBox` and
 * `LOGGER` from a global module, and a migrated database.
 */
@Global()
@Module({})
export class AuthModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(Principals) private readonly principals: Principals,
    @Inject(RoleAssignments) private readonly roles: RoleAssignments,
  ) {}

  static with(settings: AuthSettings): DynamicModule {
    return {
      module: AuthModule,
      providers: [
        { provide: AuthSettings, useValue: settings },
        {
          provide: KeyRing,
          inject: [DataSource, Broadcast, SecretBox, LOGGER],
          useFactory: (dataSource: DataSource, broadcast: Broadcast, secrets: SecretBox, log: Logger) =>
            new KeyRing({ dataSource, broadcast, secrets, log }),
        },
        {
          provide: Principals,
          inject: [DataSource, Broadcast],
          useFactory: (dataSource: DataSource, broadcast: Broadcast) => new Principals({ dataSource, broadcast }),
        },
        {
          provide: RoleAssignments,
          inject: [DataSource, Broadcast],
          useFactory: (dataSource: DataSource, broadcast: Broadcast) => new RoleAssignments({ dataSource, broadcast }),
        },
        {
          provide: PrincipalTokens,
          inject: [KeyRing],
          useFactory: (keys: KeyRing) => new PrincipalTokens({ keys, authority: settings.managementUrl }),
        },
        {
          provide: AuthModuleOptions,
          inject: [KeyRing, PrincipalTokens],
          useFactory: (keys: KeyRing, tokens: PrincipalTokens): AuthModuleOptions => {
            const defaultStrategy = `bearer-${randomUUID()}`;
            bearerStrategy(defaultStrategy, keys, tokens, managementAudiences(settings.managementUrl));
            return { defaultStrategy, property: 'caller', session: false };
          },
        },
        BearerGuard,
      ],
      exports: [AuthSettings, ...identityParts],
    };
  }

  async onModuleInit(): Promise<void> {
    await this.keys.start();
    await this.principals.start();
    await this.roles.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.keys.close(), this.principals.close(), this.roles.close()]);
  }
}
