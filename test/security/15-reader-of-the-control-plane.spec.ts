import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleAllows, type RoleName, roleNames, roles, type RoleRow } from '#lib/domain';
import { codeOf, ManagementRoutes, type FilledRoute } from '../support/management-routes.js';

let routes: ManagementRoutes;
let all: FilledRoute[];

beforeAll(async () => {
  routes = await ManagementRoutes.start();
  await routes.management.group('matrix');
  // The registry does not exist: who is let through changes nothing.
  const { subscriptionId } = routes.management;
  all = routes.guarded({ subscriptionId, group: 'matrix', registry: 'matrixreg' }).filter(({ access }) => access?.kind === 'requires');
});
afterAll(() => routes?.management.stop());

const isBeside = (scope: string, route: FilledRoute): boolean => {
  const [at, about] = [scope.toLowerCase(), route.scope.toLowerCase()];
  return about !== at && !about.startsWith(`${at}/`);
};

/** What the table of roles says: whether the role, held at the scope, opens the route. */
function isAllowed(role: RoleName, scope: string, route: FilledRoute): boolean {
  if (route.access?.kind !== 'requires') throw new Error('Only routes that ask for an action are computed.');
  if (/^\/subscriptions\/:subscriptionId$/i.test(route.url)) return true; // Its name, for every caller with a role in it.
  return !isBeside(scope, route) && roleAllows(roles[role] as RoleRow, route.access.action);
}

describe('A role at a subscription, a resource group or a registry', () => {
  it.each(roleNames)('%s opens what the table of roles says, and nothing else', async (role) => {
    const subscription = `/subscriptions/${routes.management.subscriptionId}`;
    const group = `${subscription}/resourceGroups/matrix`;
    const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/matrixreg`;
    const wrong: string[] = [];
    for (const scope of [subscription, group, registry]) {
      const { token } = await routes.management.caller({ role, scope });
      for (const route of all) {
        // The deletion of the group the matrix stands in is the one request that would act.
        if (route.method === 'DELETE' && route.scope === group && isAllowed(role, scope, route)) continue;
        const { status, body } = await routes.send(route, token);
        const refused = status === 401 || status === 403 || codeOf(body) === 'SubscriptionNotFound';
        if (refused === isAllowed(role, scope, route)) wrong.push(`${role} at ${scope}: ${route.method} ${route.url} ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
