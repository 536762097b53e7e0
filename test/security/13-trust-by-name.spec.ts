import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { basic, bearer } from '../../apps/data-plane/test/http-client.js';
import { Pusher } from '../../apps/data-plane/test/images.js';
import { type Installation, oneRegistry, suffix, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { claimsOf } from '../support/token-doors.js';

/** Names that mean somebody to us, to ACR, or to another registry. */
const internal = ['admin', 'anonymous', 'principal', 'system', 'worker', 'regatta', 'root', 'Azure Container Registry', 'robot$cache'];

let installation: Installation;
let region: TestRegion;
let registry: TestRegistry;

beforeAll(async () => {
  ({ installation, region, registry } = await oneRegistry('trusted'));
  await new Pusher(region.https, registry).image('app', 'one');
});
afterAll(() => installation.destroy());

const scope = 'repository:app:pull,push,delete';
const read = async (headers: Record<string, string>, host = registry.host, path = '/v2/app/manifests/one') =>
  (await region.https.send({ host, path, headers })).status;
const token = (headers: Record<string, string>, host = registry.host, wanted = scope) =>
  region.https.send({ host, path: `/oauth2/token?scope=${encodeURIComponent(wanted)}`, headers });

it('A service principal named like somebody internal, or like the registry, may nothing', async () => {
  for (const displayName of [...internal, registry.name, registry.id]) {
    const { principal, secret } = await installation.principals.create({ tenantId: installation.tenantId, displayName });
    const headers = basic(principal.clientId, secret);
    const answer = await token(headers);
    const { access } = claimsOf(answer.json<{ access_token: string }>().access_token) as { access: { actions: string[] }[] };
    expect([displayName, access[0]!.actions, await read(headers)]).toEqual([displayName, [], 401]);
    // Whoever knows the secret signs in by the client id, and by no name.
    expect([displayName, (await token(basic(displayName, secret))).status]).toEqual([displayName, 401]);
  }
});

it('A user name that means somebody internal opens nothing with any password', async () => {
  for (const user of [...internal, '', '*', registry.id, installation.tenantId]) {
    for (const password of ['', user, registry.name, registry.id, 'password', randomUUID()])
      expect([user, (await token(basic(user, password))).status]).toEqual([user, 401]);
  }
});

it('The admin of a registry named like somebody internal is the admin of that registry alone', async () => {
  for (const wanted of ['anonymous', 'principal', 'worker', 'regatta', 'trusted2', 'trust']) {
    const other = await installation.registry(wanted);
    const headers = basic(other.name, other.passwords[0]);
    await new Pusher(region.https, other).blob('mine', Buffer.from(wanted));
    expect([wanted, (await token(headers)).status, await read(headers)]).toEqual([wanted, 401, 401]);
    const own = (await token(headers, other.host)).json<{ access_token: string }>().access_token;
    expect([wanted, await read(bearer(own))]).toEqual([wanted, 401]);
    // In path style one host is for all registries, and the name in front says whose repository it is.
    const path = await token(headers, 'localhost:5000', `repository:${registry.name}/app:pull,push repository:${other.name}/mine:pull`);
    const { access_token } = path.json<{ access_token: string }>();
    const { access } = claimsOf(access_token) as { access: { actions: string[] }[] };
    expect([wanted, access.map(({ actions }) => actions)]).toEqual([wanted, [[], ['pull']]]);
    expect(await read(bearer(access_token), 'localhost:5000', `/v2/${registry.name}/app/manifests/one`)).toBe(401);
  }
});

it('Headers that name an internal caller, another host or a service of Azure open nothing', async () => {
  const shut = await installation.registry('shutoff', {
    settings: {
      anonymousPullEnabled: false,
      networkRuleBypassOptions: 'AzureServices',
      networkRuleBypassAllowedForTasks: true,
      networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '203.0.113.0/24', action: 'Allow' }], virtualNetworkRules: [] },
    },
  });
  const claims: Record<string, string>[] = [
    { 'user-agent': 'AzureContainerRegistry/1.0' },
    { 'user-agent': 'regatta-worker' },
    { 'x-forwarded-for': '203.0.113.7' },
    { forwarded: 'for=203.0.113.7' },
    { 'x-real-ip': '203.0.113.7' },
    { 'x-forwarded-host': `trusted.${suffix}` },
    { 'x-ms-client-principal-id': installation.tenantId },
    { 'x-ms-client-principal-name': 'admin' },
    { 'x-ms-azure-service': 'true' },
    { 'x-remote-user': 'admin' },
  ];
  for (const header of claims) {
    const headers = { ...basic(shut.name, shut.passwords[0]), ...header };
    expect([header, await read(headers, shut.host), await read(header)]).toEqual([header, 403, 401]);
  }
});
