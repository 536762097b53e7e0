import { APP_GUARD } from '@nestjs/core';
import { ApiVersionGuard } from './arm-http/api-version.guard.js';
import { ResourceGroupGuard } from './arm-http/resource-group.guard.js';
import { AuthorizationGuard } from './auth/authorization.guard.js';

/**
 * The guards of every route, in the order in which they run. Who the caller is was settled before them, from the head of the
 * request (`arm-http/request-head.ts`).
 *
 * 1. The api-version is known, and the subscription exists in the caller's tenant.
 * 2. The caller has the right that the route asks for.
 * 3. The resource group exists: only callers with rights are told.
 */
export const guards = [ApiVersionGuard, AuthorizationGuard, ResourceGroupGuard] as const;

/** The same as providers; in one list, since guards of several modules run in the order of their modules. */
export const guardProviders = guards.map((useClass) => ({ provide: APP_GUARD, useClass }));
