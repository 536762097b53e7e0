import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, bearer, type Received } from './http-client.js';
import { Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

const host = 'localhost:5000';
const address = { 'x-forwarded-for': '203.0.113.9' };

describe('the catalog of a host that serves many registries', () => {
  let installation: Installation;
  let region: TestRegion;
  const made = new Map<string, TestRegistry>();
  const at = (name: string) => made.get(name)!;

  beforeAll(async () => {
    installation = await Installation.create();
    const make = async (name: string, wanted: Parameters<Installation['registry']>[1], ...repositories: string[]) => {
      const registry = await installation.registry(name, wanted);
      made.set(name, registry);
      const pusher = new Pusher(region.https, registry);
      for (const repository of repositories) await pusher.image(repository, 'v1');
    };
    region = await installation.start('eastus', { REGATTA_TRUSTED_PROXIES: '127.0.0.1' });
    await make('CatAlpha', {}, 'app', 'team/tool');
    await make('catalpha1', {}, 'app');
    await make('catbeta', { resourceGroup: 'second' }, 'app', 'zebra');
    await make('catempty', {});
    await make('catgamma', {}, 'secret');
    await make('catrules', {}, 'app');
    await make('catabac', {}, 'app');
    await make('catpolicy', {}, 'app');
    await make('catanon', {}, 'app');
    await make('catfailed', {}, 'app');
    await make('catfar', {}, 'app');
    const settings = (name: string) => at(name).row.settings;
    await installation.change(at('catrules'), {
      settings: {
        ...settings('catrules'),
        networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '203.0.113.0/24' }], virtualNetworkRules: [] },
      },
    });
    await installation.change(at('catabac'), { settings: { ...settings('catabac'), roleAssignmentMode: 'AbacRepositoryPermissions' } });
    await installation.change(at('catanon'), { settings: { ...settings('catanon'), anonymousPullEnabled: true } });
    await installation.change(at('catfailed'), { provisioningState: 'Failed' });
    const { policies } = settings('catpolicy');
    await installation.change(at('catpolicy'), {
      settings: { ...settings('catpolicy'), policies: { ...policies, azureADAuthenticationAsArmPolicy: { status: 'disabled' } } },
    });
    await installation.database.dataSource.query(`UPDATE control.registries SET location = 'northeurope' WHERE name_key = 'catfar'`);
  });
  afterAll(() => installation.destroy());

  const catalog = (headers: Record<string, string>, query = '', method = 'GET') =>
    region.http.send({ host, path: `/v2/_catalog${query}`, headers, method });
  const names = (answer: Received) => answer.json<{ repositories: string[] }>().repositories;
  const post = (path: string, form: Record<string, string>) =>
    region.http.send({
      host,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  const tokenOf = async (answer: Received) => answer.json<{ access_token: string }>().access_token;
  const ask = (headers: Record<string, string>, scope = 'registry:catalog:*') =>
    region.http.send({ host, path: `/oauth2/token?service=${host}&scope=${scope}`, headers });
  const accessOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { access: unknown[] }).access;
  const follow = async (headers: Record<string, string>, query: string): Promise<{ pages: string[][]; links: string[] }> => {
    const [pages, links]: [string[][], string[]] = [[], []];
    for (let path: string | undefined = query; path !== undefined && pages.length < 50;) {
      const answer = await catalog(headers, path);
      expect(answer.status).toBe(200);
      pages.push(names(answer));
      const link = answer.headers.link as string | undefined;
      if (link) links.push(link);
      path = link && /^<\/v2\/_catalog(\?[^>]*)>; rel="next"$/.exec(link)![1];
    }
    return { pages, links };
  };
  const onTwo = () => installation.principal(['AcrPull', at('CatAlpha')], ['AcrPush', at('catbeta')]);

  it('asks for a token that may list', async () => {
    const answer = await catalog({});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="http://${host}/oauth2/token",service="${host}",scope="registry:catalog:*"`,
    );
    for (const name of made.keys()) expect(answer.body.toString()).not.toContain(name.toLowerCase());
  });

  it('shows a principal what its roles let it list, under the names that it can pull', async () => {
    const { clientId, secret } = await onTwo();
    const token = await tokenOf(await ask(basic(clientId, secret)));
    expect(accessOf(token)).toEqual([{ type: 'registry', name: 'catalog', actions: ['*'] }]);
    for (const headers of [basic(clientId, secret), bearer(token)]) {
      const answer = await catalog(headers);
      expect(names(answer)).toEqual(['catalpha/app', 'catalpha/team/tool', 'catbeta/app', 'catbeta/zebra']);
      expect(answer.headers.link).toBeUndefined();
    }
    for (const name of names(await catalog(bearer(token))))
      expect((await region.http.send({ host, path: `/v2/${name}/manifests/v1`, headers: basic(clientId, secret) })).status).toBe(200);
  });

  it('reaches as far as a role does: a resource group, a subscription, everything', async () => {
    const scopes: [string, string[]][] = [
      [`/subscriptions/${installation.subscriptionId}/resourceGroups/SECOND`, ['catbeta/app', 'catbeta/zebra']],
      [`/subscriptions/${installation.subscriptionId}/resourceGroups/secon`, []],
      [`/subscriptions/${randomUUID()}`, []],
    ];
    const all = ['catalpha/app', 'catalpha/team/tool', 'catalpha1/app', 'catanon/app', 'catbeta/app', 'catbeta/zebra', 'catgamma/secret'];
    scopes.push([`/subscriptions/${installation.subscriptionId}`, [...all, 'catpolicy/app']]);
    for (const [scope, expected] of scopes) {
      const { id, clientId, secret } = await installation.principal();
      await installation.roles.assign(id, 'AcrPull', scope);
      expect(names(await catalog(basic(clientId, secret)))).toEqual(expected);
    }
  });

  it('shows nothing to who holds roles that do not list', async () => {
    const principal = await installation.principal(
      ['Reader', at('CatAlpha')],
      ['AcrDelete', at('catbeta')],
      ['Container Registry Repository Reader', at('catabac')],
      ['AcrPull', at('catabac')],
    );
    expect(names(await catalog(basic(principal.clientId, principal.secret)))).toEqual([]);
    const lister = await installation.principal(['Container Registry Repository Catalog Lister', at('catabac')]);
    expect(names(await catalog(basic(lister.clientId, lister.secret)))).toEqual(['catabac/app']);
  });

  it('shows nothing of another tenant, whatever roles were given there', async () => {
    const { principal, secret } = await installation.principals.create({
      tenantId: randomUUID(),
      homeSubscriptionId: installation.subscriptionId,
      displayName: 'stranger',
    });
    await installation.roles.assign(principal.id, 'Owner', `/subscriptions/${installation.subscriptionId}`);
    expect(names(await catalog(basic(principal.clientId, secret)))).toEqual([]);
  });

  it("shows an admin user its own registry alone, and nothing once its password is another's", async () => {
    const admin = basic('catalpha', at('CatAlpha').passwords[0]);
    const token = await tokenOf(await ask(admin));
    for (const headers of [admin, bearer(token)]) expect(names(await catalog(headers))).toEqual(['catalpha/app', 'catalpha/team/tool']);
    expect(names(await catalog(admin, '?last=catb'))).toEqual([]);
    expect((await catalog(basic('catalpha', at('catbeta').passwords[0]))).status).toBe(401);
  });

  it('follows the network rules of each registry', async () => {
    const principal = await installation.principal(['AcrPull', at('catrules')], ['AcrPull', at('catgamma')]);
    const headers = basic(principal.clientId, principal.secret);
    expect(names(await catalog(headers))).toEqual(['catgamma/secret']);
    expect(names(await catalog({ ...headers, ...address }))).toEqual(['catgamma/secret', 'catrules/app']);
  });

  it('follows what each registry says of the way in', async () => {
    const principal = await installation.principal(['AcrPull', at('catpolicy')], ['AcrPull', at('catgamma')]);
    const seen = async (audience: string) => {
      const { token } = installation.principalTokens.issue(principal, audience);
      const exchanged = await post('/oauth2/exchange', { grant_type: 'access_token', service: host, access_token: token });
      const refresh = exchanged.json<{ refresh_token: string }>().refresh_token;
      const form = { grant_type: 'refresh_token', service: host, scope: 'registry:catalog:*', refresh_token: refresh };
      return names(await catalog(bearer(await tokenOf(await post('/oauth2/token', form)))));
    };
    expect(await seen('https://containerregistry.azure.net')).toEqual(['catgamma/secret', 'catpolicy/app']);
    expect(await seen('https://management.azure.com')).toEqual(['catgamma/secret']);
  });

  it('leaves out what is not served here', async () => {
    const principal = await installation.principal(['AcrPull', at('catfailed')], ['AcrPull', at('catfar')], ['AcrPull', at('catempty')]);
    expect(names(await catalog(basic(principal.clientId, principal.secret)))).toEqual([]);
  });

  it('is closed to nobody in particular, also where one registry lets everybody pull', async () => {
    expect((await ask({})).status).toBe(401);
    const both = await ask({}, 'repository:catanon/app:pull&scope=registry:catalog:*');
    expect(accessOf(await tokenOf(both))).toEqual([
      { type: 'repository', name: 'catanon/app', actions: ['pull'] },
      { type: 'registry', name: 'catalog', actions: [] },
    ]);
    expect((await catalog(bearer(await tokenOf(both)))).status).toBe(401);
  });

  it('is closed to a token for something else', async () => {
    const { clientId, secret } = await onTwo();
    for (const scope of [
      'repository:catalpha/app:pull',
      'repository:catalog:*',
      'repository:*:*',
      'registry:*:*',
      'registry:catalog:pull',
      'registry:catalpha/catalog:*',
      'registry:nothere/catalog:*',
      'registry:deleted_catalog:*',
      'registry:/catalog:*',
      'registry:x/catalog:*',
    ]) {
      const token = await tokenOf(await ask(basic(clientId, secret), scope));
      expect([scope, (await catalog(bearer(token))).status]).toEqual([scope, 401]);
    }
    const login = await region.https.send({
      host: at('CatAlpha').host,
      path: '/oauth2/token?scope=registry:catalog:*',
      headers: basic(clientId, secret),
    });
    expect((await catalog(bearer(await tokenOf(login)))).status).toBe(401);
  });

  it('opens no single registry by being open itself', async () => {
    const { clientId, secret } = await onTwo();
    const token = await tokenOf(await ask(basic(clientId, secret)));
    for (const path of ['/v2/catalpha/_catalog', '/v2/catgamma/_catalog', '/v2/catalpha/app/tags/list', '/v2/catalpha/app/manifests/v1'])
      expect([path, (await region.http.send({ host, path, headers: bearer(token) })).status]).toEqual([path, 401]);
  });

  it('ends with the role, for a token that was given before', async () => {
    const principal = await onTwo();
    const token = await tokenOf(await ask(basic(principal.clientId, principal.secret)));
    expect(names(await catalog(bearer(token)))).toHaveLength(4);
    for (const { id, scope } of await installation.roles.ofPrincipal(principal.id))
      if (scope.endsWith('CatAlpha')) await installation.roles.unassign(id);
    await expect.poll(async () => names(await catalog(bearer(token)))).toEqual(['catbeta/app', 'catbeta/zebra']);
    await installation.principals.update(principal.id, { enabled: false });
    await expect.poll(async () => names(await catalog(bearer(token)))).toEqual([]);
  });

  it('comes in pages of at most n names, each behind the last of the page before', async () => {
    const principal = await installation.principal(['AcrPull', at('CatAlpha')], ['AcrPull', at('catalpha1')], ['AcrPull', at('catbeta')]);
    const headers = basic(principal.clientId, principal.secret);
    const all = ['catalpha/app', 'catalpha/team/tool', 'catalpha1/app', 'catbeta/app', 'catbeta/zebra'];
    for (const n of [1, 2, 3, 5, 1000]) {
      const { pages } = await follow(headers, `?n=${n}`);
      expect(pages.flat()).toEqual(all);
      expect(pages.every((page) => page.length <= n)).toBe(true);
    }
    const first = await catalog(headers, '?n=2');
    expect(first.headers.link).toBe('</v2/_catalog?last=catalpha%2Fteam%2Ftool&n=2&orderby=>; rel="next"');
    const behind: [string, number][] = [
      ['CatAlpha/app', 1],
      ['catalpha', 0],
      ['catalpha/', 0],
      ['catalpha/zzz', 2],
      ['catalpha0', 2],
      ['catbeta/app', 4],
      ['catbeta0', 5],
      ['nothere/app', 5],
      ["'; DROP TABLE--", 0],
    ];
    for (const [last, from] of behind)
      expect([last, names(await catalog(headers, `?last=${encodeURIComponent(last)}`))]).toEqual([last, all.slice(from)]);
    expect(names(await catalog(headers, '?n=0'))).toEqual([]);
    expect((await catalog(headers, '?n=-1')).code()).toBe('PAGINATION_NUMBER_INVALID');
    expect(names(await catalog(headers, `?n=${'9'.repeat(1000)}`))).toEqual(all);
  });

  it('has a HEAD that says what the GET does', async () => {
    const { clientId, secret } = await onTwo();
    const [got, head] = [await catalog(basic(clientId, secret)), await catalog(basic(clientId, secret), '', 'HEAD')];
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, got.headers['content-length'], 0]);
  });
});
