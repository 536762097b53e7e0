import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, bearer, type Received } from '../../apps/data-plane/test/http-client.js';
import { Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, suffix, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { policies, policyNames, type PolicyName } from '../support/policies.js';

/** The user name under which a refresh token is a password. */
const nullUser = '00000000-0000-0000-0000-000000000000';
const repository = 'team/app';

/** How a caller signed in. */
type Way = 'admin' | 'secret' | 'acr token' | 'arm token' | 'anonymous';
const everyWay: Way[] = ['admin', 'secret', 'acr token', 'arm token', 'anonymous'];

/** The ways of signing in that each policy keeps out. */
const refusedBy: Record<PolicyName, Way[]> = {
  networkrules: everyWay,
  publicaccess: everyWay,
  armtokens: ['arm token'],
  adminaccount: ['admin'],
  anonymouspull: ['anonymous'],
};

interface Door {
  host: string;
  prefix: string;
}
const doors: Record<string, (registry: TestRegistry) => Door> = {
  'login server': ({ row }) => ({ host: `${row.loginLabel}.${suffix}`, prefix: '' }),
  'regional endpoint': ({ row }) => ({ host: `${row.loginLabel}.eastus.geo.${suffix}`, prefix: '' }),
  'data endpoint': ({ row }) => ({ host: `${row.loginLabel}.eastus.data.${suffix}`, prefix: '' }),
  'path style': ({ name }) => ({ host: 'localhost:5000', prefix: `${name}/` }),
};

/** One way in at one door: true if it opens the blob, or grants pull. */
interface Attempt {
  title: string;
  way: Way;
  opens(): Promise<boolean>;
}

let installation: Installation;
let region: TestRegion;

beforeAll(async () => {
  installation = await Installation.create();
  region = await installation.start();
});
afterAll(() => installation.destroy());

describe.each(policyNames)('The policy %s', (name) => {
  const refused = refusedBy[name];
  let registry: TestRegistry;
  const attempts: Attempt[] = [];

  beforeAll(async () => {
    registry = await installation.registry(name, { settings: { dataEndpointEnabled: true, anonymousPullEnabled: true } });
    const digest = await new Pusher(region.https, registry).blob(repository, Buffer.from('content'));
    const principal = await installation.principal(['AcrPush', registry]);
    for (const [title, door] of Object.entries(doors)) {
      for (const attempt of await attemptsAt(door(registry), registry, principal, digest))
        attempts.push({ ...attempt, title: `${title}, ${attempt.title}` });
    }
  });

  it('holds at every door, for every credential it is about, and for no other', async () => {
    for (const { title, opens } of attempts) expect([title, await opens()]).toEqual([title, true]);
    const { settings } = registry.row;
    await installation.change(registry, { settings: { ...settings, ...policies[name](settings) } });
    const first = attempts.find(({ way }) => refused.includes(way))!;
    await expect.poll(first.opens).toBe(false);
    for (const { title, way, opens } of attempts) expect([title, await opens()]).toEqual([title, !refused.includes(way)]);
  });
});

async function attemptsAt(
  { host, prefix }: Door,
  registry: TestRegistry,
  principal: { id: string; clientId: string; tenantId: string; secret: string },
  digest: string,
): Promise<Attempt[]> {
  const scope = `repository:${prefix}${repository}:pull`;
  const get = (path: string, headers: Record<string, string> = {}) => region.https.send({ host, path, headers });
  const post = (path: string, form: Record<string, string>) => region.https.postForm({ host, path }, form);
  const blob = async (headers: Record<string, string>) => (await get(`/v2/${prefix}${repository}/blobs/${digest}`, headers)).status === 200;
  const token = (headers: Record<string, string> = {}) => get(`/oauth2/token?scope=${scope}`, headers);
  const fromRefresh = (refresh: string) => post('/oauth2/token', { grant_type: 'refresh_token', scope, refresh_token: refresh });
  const exchange = (audience: string) =>
    post('/oauth2/exchange', { grant_type: 'access_token', access_token: installation.principalTokens.issue(principal, audience).token });

  const admin = basic(registry.name, registry.passwords[0]);
  const secret = basic(principal.clientId, principal.secret);
  const refresh = {
    'acr token': await refreshOf(exchange('https://containerregistry.azure.net')),
    'arm token': await refreshOf(exchange('https://management.azure.com')),
  } as const;
  const attempts: Attempt[] = [];
  const add = (way: Way, title: string, opens: () => Promise<boolean>) => attempts.push({ way, title: `${title} (${way})`, opens });

  for (const [way, headers] of [['admin', admin] as const, ['secret', secret] as const]) {
    const access = accessOf(await token(headers));
    add(way, 'Basic', () => blob(headers));
    add(way, 'bearer', () => blob(bearer(access)));
    add(way, 'token service', async () => granted(await token(headers)));
  }
  for (const way of ['acr token', 'arm token'] as const) {
    const access = accessOf(await fromRefresh(refresh[way]));
    add(way, 'bearer', () => blob(bearer(access)));
    add(way, 'access token as password', () => blob(basic(nullUser, access)));
    add(way, 'refresh token as password', () => blob(basic(nullUser, refresh[way])));
    add(way, 'refresh token as password at the token service', async () => granted(await token(basic(nullUser, refresh[way]))));
    add(way, 'refresh token', async () => granted(await fromRefresh(refresh[way])));
    add(way, 'exchange, then a token', async () => {
      const exchanged = await exchange(way === 'acr token' ? 'https://containerregistry.azure.net' : 'https://management.azure.com');
      return exchanged.status === 200 && granted(await fromRefresh(exchanged.json<{ refresh_token: string }>().refresh_token));
    });
  }
  const nobody = accessOf(await token());
  add('anonymous', 'bearer', () => blob(bearer(nobody)));
  add('anonymous', 'token service', async () => granted(await token()));
  return attempts;
}

async function refreshOf(answer: Promise<Received>): Promise<string> {
  return (await answer).json<{ refresh_token: string }>().refresh_token;
}

function accessOf(answer: Received): string {
  return answer.json<{ access_token: string }>().access_token;
}

/** True if the answer is a token that lets its bearer pull. Refused with 401 or 403, or with a token that grants nothing. */
function granted(answer: Received): boolean {
  if (answer.status !== 200) return false;
  const [, payload = ''] = accessOf(answer).split('.');
  const { access } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { access: { actions: string[] }[] };
  return access.some(({ actions }) => actions.includes('pull'));
}
