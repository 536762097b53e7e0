import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ApiVersionGuard } from './api-version.guard.js';
import { ArmExceptionFilter } from './arm-exception.filter.js';
import { ArmReplyInterceptor } from './arm-reply.interceptor.js';
import { KnownRoutes } from './known-routes.js';
import { Pages } from './pages.js';
import { ResourceGroupGuard } from './resource-group.guard.js';
import { SchemaPipe } from './schema.pipe.js';

/** The ARM protocol on every route. Imported after the module that authenticates: its guards look at the caller. */
@Global()
@Module({
  providers: [
    KnownRoutes,
    Pages,
    { provide: APP_GUARD, useClass: ApiVersionGuard },
    { provide: APP_GUARD, useClass: ResourceGroupGuard },
    { provide: APP_PIPE, useClass: SchemaPipe },
    { provide: APP_FILTER, useClass: ArmExceptionFilter },
    { provide: APP_INTERCEPTOR, useClass: ArmReplyInterceptor },
  ],
  exports: [KnownRoutes, Pages],
})
export class ArmHttpModule {}
