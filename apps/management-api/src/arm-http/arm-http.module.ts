import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ArmExceptionFilter } from './arm-exception.filter.js';
import { ArmReplyInterceptor } from './arm-reply.interceptor.js';
import { KnownRoutes } from './known-routes.js';
import { Pages } from './pages.js';
import { SchemaPipe } from './schema.pipe.js';

/** The ARM protocol on every route, but for its guards: those stand in `guards.ts`. */
@Global()
@Module({
  providers: [
    KnownRoutes,
    Pages,
    { provide: APP_PIPE, useClass: SchemaPipe },
    { provide: APP_FILTER, useClass: ArmExceptionFilter },
    { provide: APP_INTERCEPTOR, useClass: ArmReplyInterceptor },
  ],
  exports: [KnownRoutes, Pages],
})
export class ArmHttpModule {}
