import { Global, Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { KeyRing, Principals, PrincipalTokens, RoleAssignments } from '#lib/identity';
import { Broadcast, type Logger, SecretBox } from '#lib/platform';
import { DataSource } from 'typeorm';
import type { DataPlaneConfig } from '../config.js';
import { CONFIG, LOGGER } from '../injection.js';
import { RegistryTokens } from '../tokens/registry-tokens.js';
import { Credentials } from './credentials.js';
import { Gate } from './gate.js';
import { Rights } from './rights.js';

/** Who is it and what may they do: the identity lib as injectables, the tokens of registries, and the guard of `/v2`. */
@Global()
@Module({
  providers: [
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
      inject: [KeyRing, CONFIG],
      useFactory: (keys: KeyRing, config: DataPlaneConfig) => new PrincipalTokens({ keys, authority: config.REGATTA_MANAGEMENT_URL }),
    },
    { provide: RegistryTokens, inject: [KeyRing], useFactory: (keys: KeyRing) => new RegistryTokens(keys) },
    { provide: Rights, inject: [RoleAssignments], useFactory: (roles: RoleAssignments) => new Rights(roles) },
    {
      provide: Credentials,
      inject: [Principals, RegistryTokens],
      useFactory: (principals: Principals, tokens: RegistryTokens) => new Credentials(principals, tokens),
    },
    {
      provide: Gate,
      inject: [RegistryTokens, Credentials, Rights],
      useFactory: (tokens: RegistryTokens, credentials: Credentials, rights: Rights) => new Gate(tokens, credentials, rights),
    },
  ],
  exports: [RoleAssignments, PrincipalTokens, RegistryTokens, Rights, Credentials, Gate],
})
export class AuthModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(KeyRing) private readonly keys: KeyRing,
    @Inject(Principals) private readonly principals: Principals,
    @Inject(RoleAssignments) private readonly roles: RoleAssignments,
  ) {}

  async onModuleInit(): Promise<void> {
    // One after the other: each subscribes on the one connection for notifications.
    for (const part of [this.keys, this.principals, this.roles]) await part.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.keys.close(), this.principals.close(), this.roles.close()]);
  }
}
