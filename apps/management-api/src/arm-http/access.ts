import { SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Actor } from '#lib/arm';

/** Who sent a request: put on it by the authentication guard (`src/auth`), absent on public routes. */
export interface Caller {
  /** Object id of the principal: what roles are assigned to. */
  principalId: string;
  clientId: string;
  tenantId: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Caller;
  }
}

/** Metadata key: the route answers without authentication. */
export const publicRoute = Symbol('public route');
/** Metadata key: the action the caller must be allowed at the resource the URL names. */
export const requiredAction = Symbol('required action');

/** Answers without authentication: discovery, tokens, documentation, health. Everything else needs a token. */
export const Public = () => SetMetadata(publicRoute, true);

/** The action the caller needs, e.g. `Microsoft.ContainerRegistry/registries/read`, at the resource id the URL names. */
export const Requires = (action: string) => SetMetadata(requiredAction, action);

/** The caller as `systemData` names it. */
export const actorOf = (caller: Caller): Actor => ({ name: caller.clientId, type: 'Application' });

/** The caller of an authenticated request. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('This route was reached without authentication: it must not be public.');
  return request.caller;
}
