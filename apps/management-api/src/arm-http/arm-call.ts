import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type ApiVersion, type Preconditions } from '#lib/arm';
import type { ResourceGroupEntity, SubscriptionEntity } from '#lib/control';
import type { Caller } from './access.js';

/** Everything about a request that is the same for every ARM resource: established once, by the guards. */
export interface ArmCall {
  /** The version asked for, and which projection it gets. */
  apiVersion: ApiVersion;
  caller: Caller;
  /** Scheme and host to build absolute links with, as the client reached us. No slash at the end. */
  baseUrl: string;
  /** Path and query as requested. */
  url: string;
  /** The subscription of the URL: it exists, and is of the caller's tenant. */
  subscription?: SubscriptionEntity;
  /** The resource group of the URL, where the route is about something in it: it exists. */
  resourceGroup?: ResourceGroupEntity;
  /** `If-Match` and `If-None-Match`. */
  preconditions: Preconditions;
}

declare module 'fastify' {
  interface FastifyRequest {
    arm?: ArmCall;
  }
}

/** The call of an ARM request. */
export function armCallOf(request: FastifyRequest): ArmCall {
  if (!request.arm) throw new Error('This route is not an ARM route: its controller lacks @ArmController.');
  return request.arm;
}

/** Parameter decorator: the `ArmCall` of the request. */
export const Call = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  armCallOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Parameter decorator: the subscription of the URL. */
export const InSubscription = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { subscription } = armCallOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (!subscription) throw new Error('This route names no subscription.');
  return subscription;
});

/** Parameter decorator: the resource group of the URL. */
export const InResourceGroup = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { resourceGroup } = armCallOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (!resourceGroup) throw new Error('This route names no resource group.');
  return resourceGroup;
});
