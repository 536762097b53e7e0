import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlStore } from '#lib/control';
import { RoleAssignments } from '#lib/identity';
import { type TestCaller, TestManagement } from '../../testing/test-management.js';

let management: TestManagement;
let subscriptionId: string;
const root = '/regatta/v1/servicePrincipals';

beforeAll(async () => {
  management = await TestManagement.start();
  ({ subscriptionId } = management);
});
afterAll(() => management?.stop());

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, any>;
}

async function ask(as: TestCaller | null, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(path.startsWith('http') ? path : management.baseUrl + path, {
    method,
    headers: { ...(as && { authorization: `Bearer ${as.token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, any>) };
}

async function signIn(clientId: string, clientSecret: string): Promise<number> {
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'https://localhost:8443/.default',
  };
  const answer = await fetch(`${management.baseUrl}/${management.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  return answer.status;
}

const create = (as: TestCaller, displayName = 'ci', home = subscriptionId) => ask(as, 'POST', root, { subscriptionId: home, displayName });

/** Another subscription of the same tenant, and its Owner. */
async function otherSubscription(): Promise<{ id: string; owner: TestCaller }> {
  const id = randomUUID();
  await management.app
    .get(ControlStore, { strict: false })
    .subscriptions.ensure({ id, tenantId: management.tenantId, displayName: 'Other' });
  return { id, owner: await management.caller({ role: 'Owner', scope: `/subscriptions/${id}` }) };
}

describe('an Owner', () => {
  it('makes a service principal that can sign in; its secret is shown once', async () => {
    const { status, headers, body } = await create(management.owner);
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ displayName: 'ci', enabled: true, subscriptionId, tenantId: management.tenantId });
    expect(await signIn(body.clientId, body.secret.value)).toBe(200);
    const again = await ask(management.owner, 'GET', `${root}/${body.id}`);
    expect(again.status).toBe(200);
    const secrets = await ask(management.owner, 'GET', `${root}/${body.id}/secrets`);
    expect(secrets.body.value).toEqual([expect.objectContaining({ hint: body.secret.value.slice(0, 3), displayName: 'first' })]);
    expect(JSON.stringify([again.body, secrets.body])).not.toContain(body.secret.value);
  });

  it('rotates secrets without a gap', async () => {
    const { body } = await create(management.owner);
    const second = await ask(management.owner, 'POST', `${root}/${body.id}/secrets`, { displayName: 'second' });
    expect(second.status).toBe(201);
    expect([await signIn(body.clientId, body.secret.value), await signIn(body.clientId, second.body.value)]).toEqual([200, 200]);
    expect((await ask(management.owner, 'DELETE', `${root}/${body.id}/secrets/${body.secret.id}`)).status).toBe(204);
    expect([await signIn(body.clientId, body.secret.value), await signIn(body.clientId, second.body.value)]).toEqual([401, 200]);
  });

  it('disables, enables and removes it', async () => {
    const { body } = await create(management.owner);
    const patch = (change: unknown) => ask(management.owner, 'PATCH', `${root}/${body.id}`, change);
    expect((await patch({ enabled: false, displayName: 'resting' })).body).toMatchObject({ enabled: false, displayName: 'resting' });
    expect(await signIn(body.clientId, body.secret.value)).toBe(401);
    await patch({ enabled: true });
    expect(await signIn(body.clientId, body.secret.value)).toBe(200);
    expect((await ask(management.owner, 'DELETE', `${root}/${body.id}`)).status).toBe(204);
    expect((await ask(management.owner, 'DELETE', `${root}/${body.id}`)).status).toBe(204);
    expect((await ask(management.owner, 'GET', `${root}/${body.id}`)).status).toBe(404);
    expect(await signIn(body.clientId, body.secret.value)).toBe(401);
  });

  it('lists them in pages', async () => {
    const { id, owner } = await otherSubscription();
    const made = new Set<string>();
    for (const name of ['a', 'b', 'c']) made.add((await create(owner, name, id)).body.id as string);
    const first = await ask(owner, 'GET', `${root}?subscriptionId=${id}&$top=2`);
    const second = await ask(owner, 'GET', first.body.nextLink as string);
    expect(second.body.nextLink).toBeUndefined();
    expect(new Set([...first.body.value, ...second.body.value].map((one: { id: string }) => one.id))).toEqual(made);
  });

  it('cannot remove the last Owner, itself least of all', async () => {
    const { status, body } = await ask(management.owner, 'DELETE', `${root}/${management.owner.principalId}`);
    expect([status, body.error.code]).toEqual([409, 'Conflict']);
    expect((await ask(management.owner, 'PATCH', `${root}/${management.owner.principalId}`, { enabled: false })).status).toBe(409);
  });
});

describe('somebody else', () => {
  it('gets nowhere without a token', async () => {
    for (const [method, path] of [
      ['GET', root],
      ['POST', root],
      ['GET', `${root}/x`],
      ['DELETE', `${root}/x`],
      ['POST', `${root}/x/secrets`],
    ] as const) {
      expect((await ask(null, method, path)).status).toBe(401);
    }
  });

  it('who is Contributor or Reader may not', async () => {
    const { body } = await create(management.owner);
    for (const role of ['Contributor', 'Reader', 'AcrPush'] as const) {
      const caller = await management.caller({ role, scope: `/subscriptions/${subscriptionId}` });
      for (const [method, path, sent] of [
        ['GET', `${root}?subscriptionId=${subscriptionId}`],
        ['POST', root, { subscriptionId, displayName: 'x' }],
        ['GET', `${root}/${body.id}`],
        ['PATCH', `${root}/${body.id}`, { enabled: false }],
        ['DELETE', `${root}/${body.id}`],
        ['GET', `${root}/${body.id}/secrets`],
        ['POST', `${root}/${body.id}/secrets`, { displayName: 'x' }],
        ['DELETE', `${root}/${body.id}/secrets/${body.secret.id}`],
      ] as const) {
        const { status, body: refusal } = await ask(caller, method, path, sent);
        expect([method, path, status, refusal.error?.code]).toEqual([method, path, 403, 'AuthorizationFailed']);
      }
    }
    expect(await signIn(body.clientId, body.secret.value)).toBe(200);
  });

  it('who owns another subscription learns nothing and changes nothing', async () => {
    const { owner: stranger } = await otherSubscription();
    const { body } = await create(management.owner);
    const { body: absent } = await ask(stranger, 'GET', `${root}/${randomUUID()}`);
    const there = await ask(stranger, 'GET', `${root}/${body.id}`);
    expect([there.status, there.body.error.code, absent.error.code]).toEqual([404, 'PrincipalNotFound', 'PrincipalNotFound']);
    expect((await ask(stranger, 'POST', `${root}/${body.id}/secrets`, { displayName: 'x' })).status).toBe(404);
    expect((await ask(stranger, 'DELETE', `${root}/${body.id}`)).status).toBe(204);
    expect((await ask(management.owner, 'GET', `${root}/${body.id}`)).status).toBe(200);
    expect((await ask(stranger, 'GET', `${root}?subscriptionId=${subscriptionId}`)).status).toBe(404);
    expect((await create(stranger)).status).toBe(404);
  });

  it('cannot take over a principal that holds more than they could give', async () => {
    const { id, owner: stranger } = await otherSubscription();
    const { body: theirs } = await create(stranger, 'shared', id);
    await management.app
      .get(RoleAssignments, { strict: false })
      .assign(theirs.id as string, 'AcrPull', `/subscriptions/${subscriptionId}/resourceGroups/secret`);
    const { status, body } = await ask(stranger, 'POST', `${root}/${theirs.id}/secrets`, { displayName: 'mine now' });
    expect([status, body.error.code]).toEqual([403, 'AuthorizationFailed']);
    expect((await ask(stranger, 'PATCH', `${root}/${theirs.id}`, { enabled: false })).status).toBe(403);
  });
});

describe('a bad request', () => {
  it.each([
    [{}],
    [{ subscriptionId: 'x', displayName: 'a' }],
    [{ subscriptionId: randomUUID() }],
    [{ subscriptionId: randomUUID(), displayName: '' }],
    [{ subscriptionId: randomUUID(), displayName: 'x'.repeat(121) }],
    [{ subscriptionId: randomUUID(), displayName: 'a\nb' }],
    [{ subscriptionId: randomUUID(), displayName: 'a', enabled: true }],
    [{ subscriptionId: randomUUID(), displayName: 'a', secretExpiresOn: 'tomorrow' }],
  ])('is refused: %j', async (body) => {
    expect((await ask(management.owner, 'POST', root, body)).status).toBe(400);
  });

  it('is refused: a secret that has expired, or never does', async () => {
    for (const secretExpiresOn of ['2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z']) {
      const { status, body } = await ask(management.owner, 'POST', root, { subscriptionId, displayName: 'a', secretExpiresOn });
      expect([status, body.error.target]).toEqual([400, 'secretExpiresOn']);
    }
  });

  it('is refused: odd ids and queries', async () => {
    for (const path of [
      root,
      `${root}?subscriptionId=x`,
      `${root}?subscriptionId=${subscriptionId}&subscriptionId=${subscriptionId}`,
      `${root}?subscriptionId=${subscriptionId}&$top=0`,
    ]) {
      expect((await ask(management.owner, 'GET', path)).status).toBe(400);
    }
    for (const id of ['x', "'--"]) expect((await ask(management.owner, 'GET', `${root}/${id}`)).status).toBe(400);
    expect((await ask(management.owner, 'GET', `${root}/%00`)).status).toBe(400);
  });
});
