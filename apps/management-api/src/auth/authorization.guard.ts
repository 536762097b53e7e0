import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ControlStore } from '#lib/control';
import { Fault } from '#lib/domain';
import { RoleAssignments } from '#lib/identity';
import { type Caller, callerOf, type AccessRule } from '../arm-http/access.js';
import { type RouteScope, scopeOfRoute } from './route-scope.js';

type Required = Extract<AccessRule, { kind: 'requires' }>;

/**
 * Lets a request through if the rule of its route says so. Rights follow from the route that was matched and the values of its
 * parameters, never from the text of the URL. A route without a rule, or one whose scope is not understood, is refused.
 */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(
    private readonly roles: RoleAssignments,
    private readonly control: ControlStore,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { config, url = '' } = request.routeOptions;
    const rule = config.access;
    if (rule?.kind === 'public') return true;
    const caller = callerOf(request);
    if (rule?.kind === 'any caller') return true;
    const params = request.params as Record<string, string | undefined>;
    const scope = rule && scopeOfRoute(url, params);
    if (!rule || !scope) throw new Fault('AuthorizationFailed', 'It is not known which right this route asks for.');
    await this.#require(caller, rule, scope, params['operationId']);
    return true;
  }

  async #require(caller: Caller, rule: Required, { scope, subscriptionId, isSubscription }: RouteScope, operation?: string): Promise<void> {
    const { action } = rule;
    if ((await this.roles.actionsAt(caller.principalId, scope)).allows(action)) return;
    // An operation outlives what it is about, and with it the role by which it was started.
    if (rule.orStartedBy && operation !== undefined && (await this.#startedBy(caller, operation))) return;
    // A caller without a role in a subscription is not told that it exists.
    if (!(await this.roles.sees(caller.principalId, `/subscriptions/${subscriptionId}`))) {
      throw new Fault('SubscriptionNotFound', `The subscription '${subscriptionId}' could not be found.`);
    }
    // A caller with any role in a subscription may read its name: az and the SDKs ask before anything else.
    if (isSubscription && action.toLowerCase() === 'microsoft.resources/subscriptions/read') return;
    throw notAuthorized(caller, action, scope);
  }

  async #startedBy(caller: Caller, name: string): Promise<boolean> {
    return (await this.control.operations.byName(name))?.startedBy === caller.principalId;
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
