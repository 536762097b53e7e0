import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoleName } from '#lib/domain';
import { basic, bearer } from '../../apps/data-plane/test/http-client.js';
import { Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';
import { claimsOf } from '../support/token-doors.js';

const nullUser = '00000000-0000-0000-0000-000000000000';
type TestPrincipal = Awaited<ReturnType<Installation['principal']>>;

describe('At a registry', () => {
  let installation: Installation;
  let regions: TestRegion[];
  let registry: TestRegistry;

  beforeAll(async () => {
    installation = await Installation.create();
    registry = await installation.registry('stalerole');
    regions = [await installation.start('eastus'), await installation.start('eastus')];
    await new Pusher(regions[0]!.https, registry).image('app', 'one');
  });
  afterAll(() => installation.destroy());

  const form = (region: TestRegion, path: string, fields: Record<string, string>) =>
    region.https.postForm({ host: registry.host, path }, fields);

  async function refreshOf(principal: TestPrincipal): Promise<string> {
    const { token } = installation.principalTokens.issue(principal, 'https://containerregistry.azure.net');
    const answer = await form(regions[0]!, '/oauth2/exchange', { grant_type: 'access_token', access_token: token });
    return answer.json<{ refresh_token: string }>().refresh_token;
  }

  /** What the principal gets now, by each way and in each process: the actions of a new token, or the status of a read. */
  async function gets(principal: TestPrincipal, refresh: string): Promise<unknown[]> {
    const scope = 'repository:app:pull,push,delete';
    const { host } = registry;
    const found: unknown[] = [];
    for (const region of regions) {
      const secret = basic(principal.clientId, principal.secret);
      const answers = [
        await region.https.send({ host, path: `/oauth2/token?scope=${scope}`, headers: secret }),
        await form(region, '/oauth2/token', { grant_type: 'refresh_token', scope, refresh_token: refresh }),
      ];
      for (const answer of answers) {
        const token = answer.status === 200 ? claimsOf(answer.json<{ access_token: string }>().access_token) : undefined;
        found.push(token ? (token['access'] as { actions: string[] }[])[0]!.actions.join() : answer.status);
      }
      for (const headers of [secret, basic(nullUser, refresh)])
        found.push((await region.https.send({ host, path: '/v2/app/tags/list', headers })).status);
    }
    return found;
  }
  const everywhere = (token: unknown, read: number) => regions.flatMap(() => [token, token, read, read]);

  async function take(principal: TestPrincipal, role: RoleName): Promise<void> {
    for (const held of await installation.roles.ofPrincipal(principal.id))
      if (held.roleName === role) await installation.roles.unassign(held.id);
  }

  it('a role that is taken away is in no token given after, by secret or refresh token, in any process', async () => {
    const principal = await installation.principal(['AcrPush', registry], ['AcrDelete', registry]);
    const refresh = await refreshOf(principal);
    expect(await gets(principal, refresh)).toEqual(everywhere('pull,push,delete', 200));
    await take(principal, 'AcrDelete');
    await expect.poll(() => gets(principal, refresh)).toEqual(everywhere('pull,push', 200));
    await installation.roles.assign(principal.id, 'AcrPull', registry.resourceId);
    await take(principal, 'AcrPush');
    await expect.poll(() => gets(principal, refresh)).toEqual(everywhere('pull', 200));
    await take(principal, 'AcrPull');
    await expect.poll(() => gets(principal, refresh)).toEqual(everywhere('', 401));
  });

  it('a role at a scope above counts no longer than it is held', async () => {
    const principal = await installation.principal();
    const refresh = await refreshOf(principal);
    const group = registry.resourceId.replace(/\/providers\/.*$/, '');
    for (const scope of [group, `/subscriptions/${installation.subscriptionId}`]) {
      await installation.roles.assign(principal.id, 'AcrPull', scope);
      await expect.poll(() => gets(principal, refresh)).toEqual(everywhere('pull', 200));
      await take(principal, 'AcrPull');
      await expect.poll(() => gets(principal, refresh)).toEqual(everywhere('', 401));
    }
  });

  it('a principal that is disabled gets nothing, and what it got before ends within the hour', async () => {
    const principal = await installation.principal(['AcrPush', registry]);
    const refresh = await refreshOf(principal);
    const renewed = await form(regions[0]!, '/oauth2/token', {
      grant_type: 'refresh_token',
      scope: 'repository:app:pull',
      refresh_token: refresh,
    });
    const access = renewed.json<{ access_token: string }>().access_token;
    const { iat, exp } = claimsOf(access) as { iat: number; exp: number };
    expect(exp - iat).toBeLessThanOrEqual(3600);
    await installation.principals.update(principal.id, { enabled: false });
    await expect.poll(() => gets(principal, refresh)).toEqual(everywhere(401, 401));
    // An access token is no way to another one.
    for (const fields of [{ grant_type: 'refresh_token', refresh_token: access }])
      expect((await form(regions[1]!, '/oauth2/token', fields)).status).toBe(401);
    const exchange = { grant_type: 'access_token', access_token: access };
    expect((await form(regions[1]!, '/oauth2/exchange', exchange)).status).toBe(401);
    expect((await regions[1]!.https.send({ host: registry.host, path: '/oauth2/token', headers: bearer(access) })).status).toBe(401);
  });
});

describe('At the management API', () => {
  let management: TestManagement;
  beforeAll(async () => {
    management = await TestManagement.start();
  });
  afterAll(() => management.stop());

  it('a role that is taken away opens nothing, with a token given before', async () => {
    const group = await management.group();
    const caller = await management.caller({ role: 'Contributor', scope: group });
    const groups = { apiVersion: '2024-03-01' };
    expect((await caller.arm.get(group, groups)).status).toBe(200);
    await management.removeRoles(caller.principalId);
    await expect.poll(async () => (await caller.arm.get(group, groups)).status).toBe(404);
    expect((await caller.arm.put(group, { location: 'eastus', tags: { mine: 'yes' } }, groups)).status).toBe(404);
  });
});
