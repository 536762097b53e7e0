import { randomUUID } from 'node:crypto';
import { ControlStore } from '#lib/control';
import { Principals, PrincipalTokens, RoleAssignments } from '#lib/identity';
import { KnownRoutes, type KnownRoute } from '../../apps/management-api/src/arm-http/known-routes.js';
import { rawRequest, type RawAnswer } from '../../apps/management-api/src/testing/raw-request.js';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';

/** One route with the values of its parameters filled in. */
export interface FilledRoute extends KnownRoute {
  /** Path and query in origin form. */
  target: string;
  /** The resource id that the rights at this route are about: the path up to its last registry, group or subscription. */
  scope: string;
}

/** What stands in the place of each parameter. */
export interface Places {
  subscriptionId: string;
  group: string;
  registry: string;
}

/** A management API of its own, and every route it has registered. */
export class ManagementRoutes {
  private constructor(
    readonly management: TestManagement,
    readonly routes: readonly KnownRoute[],
    readonly versions: ReadonlyMap<string, string>,
  ) {}

  static async start(): Promise<ManagementRoutes> {
    const management = await TestManagement.start();
    const document = (await (await fetch(`${management.baseUrl}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { parameters?: { name: string; schema?: { default?: string } }[] }>>;
    };
    const versions = new Map(
      Object.entries(document.paths).flatMap(([path, item]) =>
        Object.values(item).flatMap(({ parameters }) => {
          const version = parameters?.find(({ name }) => name === 'api-version')?.schema?.default;
          return version === undefined ? [] : [[path.toLowerCase(), version] as const];
        }),
      ),
    );
    return new ManagementRoutes(management, management.app.get(KnownRoutes, { strict: false }).all(), versions);
  }

  /** Every route that is not public, at one place. */
  guarded({ subscriptionId, group, registry }: Places): FilledRoute[] {
    const values: Record<string, string> = {
      subscriptionId,
      resourceGroupName: group,
      registryName: registry,
      resourceProviderNamespace: 'Microsoft.ContainerRegistry',
      roleAssignmentName: randomUUID(),
      roleDefinitionId: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
      servicePrincipalId: randomUUID(),
      secretId: randomUUID(),
      location: 'eastus',
    };
    return this.routes
      .filter(({ access }) => access?.kind !== 'public')
      .map((route) => {
        const path = route.url.replaceAll(/:(\w+)/g, (_all, name: string) => values[name] ?? 'nothing');
        const version = this.versions.get(route.url.replaceAll(/:(\w+)/g, '{$1}').toLowerCase());
        const [scope = ''] =
          /^\/subscriptions\/[^/]+(\/resourcegroups\/[^/]+(\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+)?)?/i.exec(path) ??
          [];
        return { ...route, target: version === undefined ? path : `${path}?api-version=${version}`, scope };
      });
  }

  send({ method, target }: { method: string; target: string }, token?: string): Promise<RawAnswer> {
    const body = method === 'PUT' || method === 'POST' || method === 'PATCH' ? ['Content-Type: application/json', 'Content-Length: 0'] : [];
    return rawRequest(this.management.baseUrl, [
      `${method} ${target}`,
      ...body,
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ]);
  }

  /** The Owner of a subscription in a tenant of its own. */
  async foreignOwner(): Promise<string> {
    const { app, config } = this.management;
    const [tenantId, id] = [randomUUID(), randomUUID()];
    const control = app.get(ControlStore, { strict: false });
    await control.tenants.ensure({ id: tenantId, displayName: 'Other' });
    await control.subscriptions.ensure({ id, tenantId, displayName: 'Other' });
    const { principal } = await app.get(Principals, { strict: false }).create({ tenantId, displayName: 'other' });
    const roles = app.get(RoleAssignments, { strict: false });
    // The second one nobody can make: even so it opens nothing of this tenant.
    for (const scope of [`/subscriptions/${id}`, `/subscriptions/${this.management.subscriptionId}`]) {
      await roles.assign(principal.id, 'Owner', scope);
    }
    return app.get(PrincipalTokens, { strict: false }).issue(principal, config.REGATTA_MANAGEMENT_URL).token;
  }
}

/** The ways of writing a target that mean the same (RFC 9112, 3.2). */
export const forms: Readonly<Record<string, (target: string) => string>> = {
  'origin form': (target) => target,
  'absolute form': (target) => `http://any.example${target}`,
};

/** The code of an ARM error; undefined for an answer without a body, as to HEAD. */
export function codeOf(body: string): string | undefined {
  return body === '' ? undefined : (JSON.parse(body) as { error?: { code?: string } }).error?.code;
}
