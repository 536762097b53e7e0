import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Fault } from '#lib/domain';
import { RoleAssignments } from '#lib/identity';
import { type Caller, callerOf, publicRoute, requiredAction } from '../arm-http/access.js';
import { type ArmTarget, armTargetOf } from './arm-target.js';

/**
 * What lies under a subscription answers only to who may do this there: the action is the one the route names with
 * `@Requires(…)`, or else the one ARM derives from method and path; so a route that forgets it is guarded all the same. What lies
 * under no subscription (lists of what the caller may see, provider facts) answers to every caller.
 */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly roles: RoleAssignments,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const of = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(publicRoute, of)) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const target = armTargetOf(request.method, request.url);
    if (!target) return true;
    const caller = callerOf(request);
    const action = this.reflector.getAllAndOverride<string | undefined>(requiredAction, of) ?? target.action;
    await this.#require(caller, action, target);
    return true;
  }

  async #require(caller: Caller, action: string, target: ArmTarget): Promise<void> {
    if ((await this.roles.actionsAt(caller.principalId, target.scope)).allows(action)) return;
    const subscription = `/subscriptions/${target.subscriptionId}`;
    // Who holds nothing in a subscription learns nothing of it, not even that it exists.
    if (!(await this.roles.sees(caller.principalId, subscription))) {
      throw new Fault('SubscriptionNotFound', `The subscription '${target.subscriptionId}' could not be found.`);
    }
    // Who holds anything in a subscription may read what it is called: az and the SDKs ask before anything else.
    if (target.isSubscription && action.toLowerCase() === 'microsoft.resources/subscriptions/read') return;
    throw notAuthorized(caller, action, target.scope);
  }
}

/** ARM's own words for a missing right. */
export function notAuthorized(caller: Caller, action: string, scope: string): Fault {
  return new Fault(
    'AuthorizationFailed',
    `The client '${caller.clientId}' with object id '${caller.principalId}' does not have authorization to perform action '${action}' ` +
      `over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}
