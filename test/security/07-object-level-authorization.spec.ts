import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, forms, ManagementRoutes, type FilledRoute } from '../support/management-routes.js';

let routes: ManagementRoutes;
let mine: FilledRoute[];
const registries = 'providers/Microsoft.ContainerRegistry/registries';

beforeAll(async () => {
  routes = await ManagementRoutes.start();
  const { management } = routes;
  for (const name of ['rg1', 'rg10']) await management.group(name);
  for (const [group, name] of [
    ['rg1', 'bolareg1'],
    ['rg1', 'bolareg10'],
    ['rg10', 'bolaother'],
  ]) {
    const path = `/subscriptions/${management.subscriptionId}/resourceGroups/${group}/${registries}/${name}`;
    await management.owner.arm.put(path, { location: 'eastus', sku: { name: 'Basic' }, properties: { adminUserEnabled: true } });
  }
  mine = routes.guarded({ subscriptionId: management.subscriptionId, group: 'rg1', registry: 'bolareg1' });
});
afterAll(() => routes?.management.stop());

/** What may be seen by every caller of the tenant: routes that decide by themselves, and name nothing of a subscription. */
const isBelowSubscription = (route: FilledRoute): boolean => route.access?.kind === 'requires';

/** Every answer of a caller that must get nothing, by route and form; what is not a refusal stands in the list. */
async function leaks(token: string | undefined, isRefusal: (status: number, code: string | undefined) => boolean, only: FilledRoute[]) {
  const found: string[] = [];
  for (const route of only) {
    for (const [form, write] of Object.entries(forms)) {
      const { status, body } = await routes.send({ method: route.method, target: write(route.target) }, token);
      if (!isRefusal(status, codeOf(body))) found.push(`${route.method} ${route.url} in ${form}: ${status} ${body.slice(0, 80)}`);
    }
  }
  return found;
}

const headHasNoCode = (code: string | undefined, wanted: string): boolean => code === undefined || code === wanted;

describe('Every route of the management API, in both forms of its target,', () => {
  it('carries a rule of access, and those with an id below a subscription ask for an action', () => {
    expect(routes.routes.filter(({ access }) => access === undefined)).toEqual([]);
    const below = routes.routes.filter(({ url }) => /^\/subscriptions\/:subscriptionId/i.test(url));
    expect(below.length).toBeGreaterThan(60);
    expect(below.filter(({ access }) => access?.kind !== 'requires')).toEqual([]);
  });

  it('refuses a request without a token', async () => {
    expect(await leaks(undefined, (status) => status === 401, mine)).toEqual([]);
  });

  it('is as if it did not exist for a caller without a role', async () => {
    const { token } = await routes.management.caller();
    const absent = (status: number, code: string | undefined) => status === 404 && headHasNoCode(code, 'SubscriptionNotFound');
    expect(await leaks(token, absent, mine.filter(isBelowSubscription))).toEqual([]);
  });

  it('is as if it did not exist for the Owner of another tenant', async () => {
    const absent = (status: number, code: string | undefined) => status === 404 && headHasNoCode(code, 'SubscriptionNotFound');
    expect(await leaks(await routes.foreignOwner(), absent, mine.filter(isBelowSubscription))).toEqual([]);
  });

  it('refuses the Owner of what stands beside it, and of what its name is the beginning of', async () => {
    const { management } = routes;
    const at = `/subscriptions/${management.subscriptionId}/resourceGroups`;
    const { token } = await management.caller(
      { role: 'Owner', scope: `${at}/rg10` },
      { role: 'Owner', scope: `${at}/rg1/${registries}/bolareg10` },
      { role: 'Owner', scope: `${at}/rg1/${registries}/bolareg` },
    );
    // Reading what the subscription is called is for every caller with a role in it.
    const about = mine.filter(isBelowSubscription).filter(({ url }) => !/^\/subscriptions\/:subscriptionId$/i.test(url));
    expect(await leaks(token, (status, code) => status === 403 && headHasNoCode(code, 'AuthorizationFailed'), about)).toEqual([]);
  });

  it('left everything as it was', async () => {
    const { management } = routes;
    for (const [group, name] of [
      ['rg1', 'bolareg1'],
      ['rg1', 'bolareg10'],
    ]) {
      const path = `/subscriptions/${management.subscriptionId}/resourceGroups/${group}/${registries}/${name}`;
      expect(await management.owner.arm.get(path)).toMatchObject({ status: 200 });
      expect((await management.control.registries.byName(name!))?.provisioningState).toBe('Creating');
    }
  });
});
