import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleNames } from '#lib/domain';
import { basic, bearer } from '../../apps/data-plane/test/http-client.js';
import { Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import {
  bearerOf,
  cells,
  everyStyle,
  granted,
  isAboutRegistry,
  needs,
  repository,
  type Right,
  rightsOf,
  tokenRequests,
  verbs,
  wrongAnswers,
} from '../support/content-routes.js';
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

describe.each(['registry', 'repository'] as const)(
  'Every verb of the data plane, by host and by path, in both forms of its target, with permissions by %s,',
  (mode) => {
    let installation: Installation;
    let region: TestRegion;
    let registry: TestRegistry;
    let sibling: TestRegistry;
    let content: { digest: string; layer: string };
    /** Who asks, and the rights it has at the registry. Null: the registry does not know it. */
    const callers: { who: string; rights: ReadonlySet<Right> | null; principal: Awaited<ReturnType<Installation['principal']>> }[] = [];
    const nothing: ReadonlySet<Right> = new Set();
    const settings = { roleAssignmentMode: mode === 'registry' ? 'LegacyRegistryPermissions' : 'AbacRepositoryPermissions' } as const;

    beforeAll(async () => {
      installation = await Installation.create();
      region = await installation.start();
      registry = await installation.registry('bolareg1', { settings, resourceGroup: 'rg1' });
      sibling = await installation.registry('bolareg10', { settings, resourceGroup: 'rg1' });
      content = await new Pusher(region.http, registry).image(repository, 'v1');
      for (const role of roleNames) {
        callers.push({ who: role, rights: rightsOf(role, mode), principal: await installation.principal([role, registry]) });
      }
      const at = `/subscriptions/${installation.subscriptionId}/resourceGroups`;
      const writer = mode === 'registry' ? 'Owner' : 'Container Registry Repository Contributor';
      const add = async (who: string, scopes: string[], rights = nothing) => {
        const principal = await installation.principal();
        for (const scope of scopes) await installation.roles.assign(principal.id, writer, scope);
        callers.push({ who, rights, principal });
      };
      await add('no role', []);
      await add(`${writer} of the group`, [`${at}/rg1`], rightsOf(writer, mode));
      await add(`${writer} of what stands beside it, and of what its name is the beginning of`, [
        `${at}/rg10`,
        `${at}/rg`,
        sibling.resourceId,
        `${at}/rg1/${registries}/bolareg`,
      ]);
      const { principal, secret } = await installation.principals.create({ tenantId: randomUUID(), displayName: 'other' });
      // This assignment nobody can make: even so it opens nothing of another tenant.
      await installation.roles.assign(principal.id, writer, registry.resourceId);
      callers.push({ who: 'another tenant', rights: null, principal: { ...principal, secret } });
    });
    afterAll(() => installation?.destroy());

    const all = () => everyStyle.flatMap((style) => cells(registry, style, content));

    it('says what it needs', () => {
      const known = Object.entries(needs).flatMap(([kind, methods]) => Object.keys(methods).map((method) => `${kind} ${method}`));
      expect(known.toSorted()).toEqual([...verbs].toSorted());
    });

    it('refuses a request without credentials, and with those of nobody', async () => {
      for (const credentials of [{}, bearer('eyJhbGciOiJFUzI1NiJ9.e30.AAAA')]) {
        expect(await wrongAnswers(region.http, all(), credentials, null)).toEqual([]);
      }
      // One name each: who fails too often under one name is told to wait (429).
      for (const [at, cell] of all().entries()) {
        expect(await wrongAnswers(region.http, [cell], basic(`nobody-${at}`, 'nothing'), null)).toEqual([]);
      }
    });

    it('opens with a secret what the role gives, and nothing else', async () => {
      for (const { who, rights, principal } of callers) {
        const credentials = basic(principal.clientId, principal.secret);
        expect([who, await wrongAnswers(region.http, rights ? all() : all().filter(isAboutRegistry), credentials, rights)]).toEqual([
          who,
          [],
        ]);
      }
    });

    it('opens with a token from the token routes what the role gives, and nothing else', async () => {
      for (const { who, rights, principal } of callers) {
        for (const style of everyStyle) {
          for (const [title, ask] of Object.entries(tokenRequests(region.http, installation, registry, style, principal))) {
            const answer = await ask();
            expect([who, style, title, granted(answer)]).toEqual([who, style, title, [...(rights ?? [])].toSorted()]);
            if (title !== 'GET /oauth2/token, origin form' || answer.status !== 200) continue;
            expect([
              who,
              await wrongAnswers(
                region.http,
                cells(registry, style, content).filter((cell) => rights ?? isAboutRegistry(cell)),
                bearerOf(answer),
                rights,
              ),
            ]).toEqual([who, []]);
          }
        }
      }
    });

    it('does not open with a token of the registry beside it', async () => {
      for (const style of everyStyle) {
        const { principal } = callers.find(({ who }) => who.includes('beside it'))!;
        const answer = await tokenRequests(region.http, installation, sibling, style, principal)['GET /oauth2/token, origin form']!();
        expect(granted(answer)).toContain('pull');
        const others = cells(registry, style, content).filter(isAboutRegistry);
        expect(await wrongAnswers(region.http, others, bearerOf(answer), null)).toEqual([]);
      }
    });

    it('has no /acr/v1 for anybody', async () => {
      for (const { principal } of callers) {
        for (const [host, prefix] of [
          [registry.host, ''],
          ['localhost:5000', `${registry.name}/`],
        ] as const) {
          for (const write of Object.values(forms)) {
            const path = write(`/acr/v1/${prefix}${repository}/_tags`).replace('any.example', host);
            for (const method of ['GET', 'PATCH', 'DELETE']) {
              const answer = await region.http.send({ method, host, path, headers: basic(principal.clientId, principal.secret) });
              expect([answer.status, answer.code()]).toEqual([405, 'UNSUPPORTED']);
            }
          }
        }
      }
    });

    it('left everything as it was', async () => {
      const owner = new Pusher(region.http, registry);
      expect((await owner.send('GET', owner.path(repository, 'manifests/v1'))).status).toBe(200);
      expect((await owner.send('GET', owner.path(repository, `blobs/${content.layer}`))).status).toBe(200);
    });
  },
);
