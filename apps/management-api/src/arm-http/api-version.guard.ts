import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requireApiVersion } from '#lib/arm';
import { ControlStore } from '#lib/control';
import { Fault } from '#lib/domain';
import type { ManagementConfig } from '../config.js';
import { callerOf } from './access.js';
import { armRoutes, type ArmRoutes } from './arm-controller.js';
import { baseUrlOf } from './base-url.js';
import { CONFIG } from './tokens.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * After authentication and before authorization: the api-version is one we know, and the subscription of the URL exists in the
 * caller's tenant. One of another tenant is as absent as one that never was. A wrong api-version is told to every caller, with
 * or without rights: it says nothing of what exists.
 */
@Injectable()
export class ApiVersionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly control: ControlStore,
    @Inject(CONFIG) private readonly config: ManagementConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const routes = this.reflector.get<ArmRoutes | undefined>(armRoutes, context.getClass());
    if (!routes) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const caller = callerOf(request);
    requireJson(request);
    const query = request.query as Record<string, unknown>;
    const apiVersion = requireApiVersion(routes.area, apiVersionIn(query), { type: routes.type, locations: this.config.REGATTA_REGIONS });
    reply.header('api-supported-versions', apiVersion.value);
    const params = request.params as Record<string, string | undefined>;
    const subscription =
      params['subscriptionId'] === undefined ? undefined : await this.#subscription(params['subscriptionId'], caller.tenantId);
    const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
    request.arm = {
      apiVersion,
      caller,
      baseUrl: baseUrlOf(request, this.config.REGATTA_MANAGEMENT_URL),
      url: request.url,
      ...(subscription && { subscription }),
      preconditions: { ...(ifMatch !== undefined && { ifMatch }), ...(ifNoneMatch !== undefined && { ifNoneMatch }) },
    };
    return true;
  }

  async #subscription(id: string, tenantId: string) {
    if (!uuid.test(id)) {
      throw new Fault('InvalidSubscriptionId', `The provided subscription identifier '${id.slice(0, 64)}' is malformed or invalid.`, {
        target: 'subscriptionId',
      });
    }
    const subscription = await this.control.subscriptions.byId(id);
    if (!subscription || subscription.tenantId !== tenantId || subscription.state === 'Deleted') {
      throw new Fault('SubscriptionNotFound', `The subscription '${id}' could not be found.`);
    }
    return subscription;
  }
}

/** The `api-version` of a query; a list where there is more than one. Names of query parameters compare without case, as ARM's do. */
export function apiVersionIn(query: Record<string, unknown>): unknown {
  const given = Object.entries(query).flatMap(([name, value]) => (name.toLowerCase() === 'api-version' ? value : []));
  return given.length > 1 ? given : given[0];
}

// The parser of forms is there for the token issuer; a resource is never sent as one.
function requireJson(request: FastifyRequest): void {
  const type = request.headers['content-type'];
  if (type === undefined || request.body === undefined || request.body === null) return;
  if (/^application\/([\w.-]+\+)?json\b/i.test(type)) return;
  throw new Fault('UnsupportedMediaType', 'The request body must be JSON: send Content-Type: application/json.');
}
