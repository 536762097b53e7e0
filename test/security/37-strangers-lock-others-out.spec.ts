import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Principals } from '#lib/identity';
import { Broadcast } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { basic } from '../../apps/data-plane/test/http-client.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';

const sprayed = 10_000;
/** What one address was allowed before it was held up altogether, three times over. */
const overHttp = 300;

describe('Ten thousand wrong sign-ins from one address', () => {
  let db: TestDatabase;
  let broadcast: Broadcast;
  let principals: Principals;

  beforeAll(async () => {
    db = await testDatabase();
    broadcast = new Broadcast({ url: db.url, applicationName: 'spec' });
    principals = new Principals({ dataSource: db.dataSource, broadcast });
    await principals.start();
  });
  afterAll(async () => {
    await principals.close();
    await broadcast.close();
    await db.drop();
  });

  const addresses: Record<string, (attempt: number) => string> = {
    'one address': () => '192.0.2.1',
    'addresses rotating through an IPv6 /64': (attempt) => `2001:db8::${attempt.toString(16)}`,
  };
  it.each(Object.entries(addresses))('keep nobody out whose secret is right: %s', async (_title, from) => {
    const attacked = await principals.create({ tenantId: randomUUID(), displayName: 'attacked' });
    const neighbour = await principals.create({ tenantId: randomUUID(), displayName: 'neighbour' });
    const refusals: unknown[] = [];
    for (let i = 0; i < sprayed; i += 100) {
      const batch = Array.from({ length: 100 }, (_, n) => {
        const clientId = n === 0 ? randomUUID() : attacked.principal.clientId;
        return principals.check(clientId, `wrong-${i + n}`, from(i + n)).catch((error: unknown) => error);
      });
      refusals.push(...(await Promise.all(batch)));
    }
    expect(refusals).toHaveLength(sprayed);
    expect(refusals.filter((refusal) => (refusal as { outcome?: string }).outcome === 'ok')).toEqual([]);
    for (const { principal, secret } of [attacked, neighbour]) {
      for (const address of [from(0), from(sprayed + 1), '198.51.100.1'])
        expect(await principals.checkSecret(principal.clientId, secret, address)).toMatchObject({ id: principal.id });
    }
  });
});

describe('Behind a proxy, at the management API', () => {
  let management: TestManagement;
  beforeAll(async () => {
    management = await TestManagement.start({ REGATTA_TRUSTED_PROXIES: ['127.0.0.1'] });
  });
  afterAll(() => management.stop());

  const signIn = (clientId: string, secret: string, from: string) =>
    fetch(`${management.baseUrl}/${management.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      headers: { 'x-forwarded-for': from },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
        scope: 'https://management.azure.com/.default',
      }),
    }).then((answer) => answer.status);

  it('wrong secrets hold up only whoever sends them', async () => {
    const all = management.app.get(Principals, { strict: false });
    const { principal, secret } = await all.create({ tenantId: management.tenantId, displayName: 'client' });
    const statuses = new Set<number>();
    for (let i = 0; i < overHttp; i++)
      statuses.add(await signIn(i % 3 === 0 ? randomUUID() : principal.clientId, `wrong-${i}`, '192.0.2.1'));
    expect(statuses).toEqual(new Set([401, 429]));
    // A client at another address is not even told to wait for a mistake of its own.
    expect(await signIn(principal.clientId, 'wrong', '192.0.2.2')).toBe(401);
    for (const from of ['192.0.2.1', '192.0.2.2']) expect(await signIn(principal.clientId, secret, from)).toBe(200);
  });
});

describe('Behind a proxy, at a registry', () => {
  let installation: Installation;
  let region: TestRegion;
  let registry: TestRegistry;
  beforeAll(async () => {
    installation = await Installation.create();
    region = await installation.start('eastus', { REGATTA_TRUSTED_PROXIES: '127.0.0.1' });
    registry = await installation.registry('proxied');
  });
  afterAll(() => installation.destroy());

  const signIn = async (user: string, password: string, from: string) => {
    const headers = { ...basic(user, password), 'x-forwarded-for': from };
    return (await region.https.send({ host: registry.host, path: '/oauth2/token?scope=repository:app:pull', headers })).status;
  };

  it('wrong passwords hold up only whoever sends them', async () => {
    const { clientId, secret } = await installation.principal(['AcrPull', registry]);
    const statuses = new Set<number>();
    for (let i = 0; i < overHttp; i++) statuses.add(await signIn([clientId, registry.name, randomUUID()][i % 3]!, 'wrong', '192.0.2.1'));
    expect(statuses).toEqual(new Set([401, 429]));
    expect(await signIn(clientId, 'wrong', '192.0.2.2')).toBe(401);
    for (const from of ['192.0.2.1', '192.0.2.2']) {
      expect(await signIn(clientId, secret, from)).toBe(200);
      expect(await signIn(registry.name, registry.passwords[1], from)).toBe(200);
    }
  });
});
