import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Principals } from '#lib/identity';
import { basic } from '../../apps/data-plane/test/http-client.js';
import { type Installation, oneRegistry, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';

/** What varies from answer to answer whoever is asked about. */
const unlike = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/gi;

interface Said {
  status: number;
  body: string;
}

/** Without the ids and times that a refusal repeats or makes up. */
function plain({ status, body }: Said): Said {
  return { status, body: body.replaceAll(unlike, '<varies>') };
}

// That the same work is done for each is asserted where secrets are checked: libs/identity/src/principals/principals.db.spec.ts.
describe('The management API', () => {
  let management: TestManagement;
  beforeAll(async () => {
    management = await TestManagement.start();
  });
  afterAll(() => management.stop());

  it('refuses known, disabled and unknown clients in the same words', async () => {
    const all = management.app.get(Principals, { strict: false });
    const known = await all.create({ tenantId: management.tenantId, displayName: 'known' });
    const disabled = await all.create({ tenantId: management.tenantId, displayName: 'disabled' });
    await all.update(disabled.principal.id, { enabled: false });
    const signIn = async (clientId: string, secret: string) => {
      const form = {
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
        scope: 'https://management.azure.com/.default',
      };
      const answer = await fetch(`${management.baseUrl}/${management.tenantId}/oauth2/v2.0/token`, {
        method: 'POST',
        body: new URLSearchParams(form),
      });
      return plain({ status: answer.status, body: await answer.text() });
    };
    const unknown = await signIn(randomUUID(), 'wrong');
    expect(unknown.status).toBe(401);
    expect(await signIn(known.principal.clientId, 'wrong')).toEqual(unknown);
    expect(await signIn(disabled.principal.clientId, disabled.secret)).toEqual(unknown);
    // Too many failures are told of in the same words too.
    const often = async (clientId: string) => {
      let last = unknown;
      for (let i = 0; i < 15; i++) last = await signIn(clientId, 'wrong');
      return { ...last, body: last.body.replaceAll(/\d+ seconds/g, 'n seconds') };
    };
    const refusal = await often(randomUUID());
    expect(refusal.status).toBe(429);
    expect(await often(known.principal.clientId)).toEqual(refusal);
  });
});

describe('A registry', () => {
  let installation: Installation;
  let region: TestRegion;
  let registry: TestRegistry;
  beforeAll(async () => {
    ({ installation, region, registry } = await oneRegistry('enumerated'));
  });
  afterAll(() => installation.destroy());

  it('refuses its admin, known principals and unknown users in the same words, at every door', async () => {
    const { clientId } = await installation.principal(['AcrPull', registry]);
    for (const path of ['/v2/', '/v2/app/tags/list', '/oauth2/token?scope=repository:app:pull']) {
      const refused = async (user: string) => {
        const answer = await region.https.send({ host: registry.host, path, headers: basic(user, 'wrong') });
        return plain({ status: answer.status, body: `${answer.body} ${answer.headers['www-authenticate']}` });
      };
      const unknown = await refused(randomUUID());
      expect(unknown.status).toBe(401);
      for (const user of [registry.name, clientId, 'somebody', 'otherregistry']) expect(await refused(user)).toEqual(unknown);
    }
  });
});
