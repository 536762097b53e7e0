import 'reflect-metadata';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import type { Actor } from '#lib/arm';
import type { Fault } from '#lib/domain';

/** Who sent a request: put on it when it is authenticated (`src/auth`), absent on public routes. */
export interface Caller {
  /** Object id of the principal: what roles are assigned to. */
  principalId: string;
  clientId: string;
  tenantId: string;
}

/** Who may use a route. Every route carries exactly one of these; a route without one does not start. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'any caller' }
  | {
      readonly kind: 'requires';
      /** The action the caller needs at the resource that the route names. */
      readonly action: string;
      /** True if a caller without the action may read the operation of the route that it started itself. */
      readonly orStartedBy?: boolean;
    };

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Caller;
  }
  interface FastifyContextConfig {
    access?: AccessRule;
    /** Bytes of the largest body that the route takes. */
    bodyLimit?: number;
    /** How the route words a refusal. Absent: as ARM does. */
    refusal?: Refusal;
  }
}

/** Status, body and further headers of the answer to a fault. */
export type Refusal = (
  fault: Fault,
  request: FastifyRequest,
) => { status: number; body: unknown; headers?: Readonly<Record<string, string>> };

/** Answers without authentication: discovery, tokens, documentation, health. */
export const Public = () => rule({ kind: 'public' });

/** The same for a route that is not of a controller: its Fastify options. */
export const openRoute: { config: FastifyContextConfig } = { config: { access: { kind: 'public' } } };

/** Answers every caller with a token of ours: what depends on no subscription, or what decides about rights by itself. */
export const AnyCaller = () => rule({ kind: 'any caller' });

/** Answers callers with this action, e.g. `Microsoft.ContainerRegistry/registries/read`, at the resource that the route names. */
export const Requires = (action: string) => rule({ kind: 'requires', action });

/** As `Requires`; an operation (`:operationId`) also answers the caller that started it. */
export const RequiresOrStartedBy = (action: string) => rule({ kind: 'requires', action, orStartedBy: true });

/** The largest body a route takes, in bytes. */
export const BodyLimit = (bytes: number) => configured({ bodyLimit: bytes });

/** Refuses in other words than ARM's, also before the handler runs. */
export const RefusesAs = (refusal: Refusal) => configured({ refusal });

const rule = (access: AccessRule): MethodDecorator =>
  configured({ access }, (present) => {
    if (present.access) throw new Error('A route carries one rule of access, not two.');
  });

/** Adds to the configuration of the Fastify route that Nest makes of a method. */
function configured(part: FastifyContextConfig, check?: (present: FastifyContextConfig) => void): MethodDecorator {
  return (target, key, descriptor) => {
    const present = (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object) ?? {}) as FastifyContextConfig;
    check?.(present);
    RouteConfig({ ...present, ...part })(target, key, descriptor);
  };
}

/** The caller as `systemData` names it. */
export const actorOf = (caller: Caller): Actor => ({ name: caller.clientId, type: 'Application' });

/** The caller of an authenticated request. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error('This route was reached without authentication: it must not be public.');
  return request.caller;
}
