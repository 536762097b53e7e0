import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiVersions } from '#lib/arm';
import { ArmClient } from '#lib/testkit';
import { rawRequest } from '../testing/raw-request.js';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let arm: ArmClient;
let subscription: string;
let registries: string;

beforeAll(async () => {
  management = await TestManagement.start();
  arm = management.owner.arm;
  subscription = `/subscriptions/${management.subscriptionId}`;
  registries = `${subscription}/providers/Microsoft.ContainerRegistry/registries`;
});
afterAll(() => management?.stop());

describe('api-version', () => {
  it('is required', async () => {
    for (const apiVersion of [null, '']) {
      const { status, body } = await arm.get(registries, { apiVersion });
      expect(status).toBe(400);
      expect(body.error).toEqual({
        code: 'MissingApiVersionParameter',
        message: 'The api-version query parameter (?api-version=) is required for all requests.',
      });
    }
  });

  it('that nobody knows is answered by the provider with what it supports', async () => {
    const { status, body } = await arm.get(registries, { apiVersion: '2031-01-01' });
    expect(status).toBe(400);
    expect(body.error.code).toBe('NoRegisteredProviderFound');
    expect(body.error.message).toMatch(
      /^No registered resource provider found for location 'eastus' and API version '2031-01-01' for type 'registries'\. The supported api-versions are '.*2025-11-01.*'\. The supported locations are 'eastus, westeurope'\.$/,
    );
  });

  it('that nobody knows is answered by Microsoft.Resources in its own words', async () => {
    const { status, body } = await arm.get(`${subscription}/resourcegroups`, { apiVersion: '2031-01-01' });
    expect(status).toBe(400);
    expect(body.error.code).toBe('InvalidApiVersionParameter');
    expect(body.error.message).toMatch(/^The api-version '2031-01-01' is invalid\. The supported versions are '.*2024-11-01.*'\.$/);
  });

  it('may be any of those clients send, and is repeated in api-supported-versions', async () => {
    for (const apiVersion of apiVersions.registries) {
      const { status, headers } = await arm.get(registries, { apiVersion });
      expect([apiVersion, status, headers['api-supported-versions']]).toEqual([apiVersion, 200, apiVersion]);
    }
    for (const apiVersion of apiVersions.resources) expect((await arm.get(`${subscription}/resources`, { apiVersion })).status).toBe(200);
    for (const apiVersion of apiVersions.subscriptions) expect((await arm.get('/subscriptions', { apiVersion })).status).toBe(200);
  });

  it.each([
    ['api-version=2025-11-01&api-version=2023-07-01', '2025-11-01,2023-07-01'],
    ['api-version=2025-11-01&api-version=2025-11-01', '2025-11-01,2025-11-01'],
    ['api-version=2025-11-01&API-Version=2023-07-01', '2025-11-01,2023-07-01'],
    ['API-VERSION=2025-11-01&Api-Version=2025-11-01', '2025-11-01,2025-11-01'],
    ['api-version=&API-Version=2025-11-01', ',2025-11-01'],
    ['api%2Dversion=2025-11-01&api-version=2025-11-01', '2025-11-01,2025-11-01'],
  ])('given twice is refused, whatever its case: %s', async (query, shown) => {
    for (const path of [registries, `${subscription}/resourcegroups`, '/subscriptions', '/metadata/endpoints']) {
      const response = await fetch(`${management.baseUrl}${path}?${query}`, {
        headers: { authorization: `Bearer ${management.owner.token}` },
      });
      const { status, body } = { status: response.status, body: (await response.json()) as { error: { code: string; message: string } } };
      expect([status, body.error.code]).toEqual([400, 'InvalidApiVersionParameter']);
      if (path !== '/metadata/endpoints') expect(body.error.message).toContain(`The api-version '${shown}' is invalid: it is given more`);
    }
  });

  it('is read whatever the case of its name', async () => {
    const headers = { authorization: `Bearer ${management.owner.token}` };
    const ask = (query: string) => fetch(`${management.baseUrl}${registries}?${query}`, { headers });
    expect((await ask('API-Version=2025-11-01')).status).toBe(200);
    expect((await ask(`api-version=${'x'.repeat(5_000)}&API-Version=2025-11-01`)).status).toBe(400);
  });
});

describe('HTTP that cannot be read', () => {
  it('is refused in the form of ARM, and the connection ends', async () => {
    const inForm = { error: { code: 'InvalidRequestContent', message: expect.stringMatching(/HTTP/) } };
    for (const [status, ...lines] of [
      [431, 'GET /subscriptions', `X-Long: ${'x'.repeat(20_000)}`],
      [431, `GET /subscriptions?x=${'x'.repeat(20_000)}`],
      [400, 'GET /subscriptions', 'no colon'],
      [400, 'PUT /subscriptions', 'Content-Length: 1', 'Transfer-Encoding: chunked'],
    ] as const) {
      const answer = await rawRequest(management.baseUrl, lines);
      expect([answer.status, answer.headers['content-type'], answer.headers['connection'], JSON.parse(answer.body)]).toEqual([
        status,
        'application/json; charset=utf-8',
        'close',
        inForm,
      ]);
    }
  });
});

describe('what the URL names', () => {
  it('is 404 when the subscription does not exist, or is somebody else’s', async () => {
    const absent = '/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups';
    expect((await arm.get(absent, { apiVersion: '2024-03-01' })).body.error.code).toBe('SubscriptionNotFound');
    await management.control.tenants.ensure({ id: '00000000-0000-0000-0000-0000000000aa', displayName: 'Other' });
    await management.control.subscriptions.ensure({
      id: '00000000-0000-0000-0000-0000000000bb',
      tenantId: '00000000-0000-0000-0000-0000000000aa',
      displayName: 'Other',
    });
    const foreign = absent.replace('000000000001', '0000000000bb');
    const { status, body } = await arm.get(foreign, { apiVersion: '2024-03-01' });
    expect(status).toBe(404);
    expect(body.error.code).toBe('SubscriptionNotFound');
  });

  it('is 400 when the subscription id is none', async () => {
    const { status, body } = await arm.get('/subscriptions/me/resourcegroups', { apiVersion: '2024-03-01' });
    expect(status).toBe(400);
    expect(body.error.code).toBe('InvalidSubscriptionId');
  });

  it('is 403 for a caller of the same tenant who may not', async () => {
    const group = await management.group();
    const reader = await management.caller({ role: 'Reader', scope: group });
    expect((await reader.arm.get(group, { apiVersion: '2024-03-01' })).status).toBe(200);
    const { status, body } = await reader.arm.delete(group, { apiVersion: '2024-03-01' });
    expect(status).toBe(403);
    expect(body.error.code).toBe('AuthorizationFailed');
    expect(body.error.message).toContain('Microsoft.Resources/subscriptions/resourceGroups/delete');
  });

  it('is 404 for a group before its registry is looked for', async () => {
    const { status, body } = await arm.get(`${subscription}/resourceGroups/nobody/providers/Microsoft.ContainerRegistry/registries/any12`);
    expect(status).toBe(404);
    expect(body.error.code).toBe('ResourceGroupNotFound');
  });

  it('is 404 for a type there is none of, and 405 for a method', async () => {
    const { status, body } = await arm.get(`${subscription}/providers/Microsoft.Nothing/things`);
    expect([status, body.error.code]).toEqual([404, 'InvalidResourceType']);
    const wrong = await arm.post(`${subscription}/resourcegroups/x`, {}, { apiVersion: '2024-03-01' });
    expect([wrong.status, wrong.body.error.code, wrong.headers['allow']]).toEqual([
      405,
      'HttpMethodNotSupported',
      'DELETE, GET, HEAD, PATCH, PUT',
    ]);
  });

  it('may be in any casing, fixed segments too', async () => {
    const path = registries.replace('/providers/', '/PROVIDERS/').replace('Microsoft.ContainerRegistry', 'microsoft.containerregistry');
    expect((await arm.get(`${path}/`)).status).toBe(200);
  });
});

describe('authentication', () => {
  it('is asked for on every route but discovery, documentation and health', async () => {
    for (const path of ['/subscriptions', '/tenants', registries, '/providers', `${subscription}/locations`]) {
      const { status, body, headers } = await arm.get(path, { token: null });
      expect([path, status, body.error.code]).toEqual([path, 401, 'AuthenticationFailed']);
      expect(headers['www-authenticate']).toMatch(/^Bearer /);
    }
    const open = ['/openapi.json', '/docs', '/livez', '/organizations/v2.0/.well-known/openid-configuration'];
    for (const path of open) expect([path, (await fetch(management.baseUrl + path)).status]).toEqual([path, 200]);
    expect((await fetch(`${management.baseUrl}/metrics`)).status).toBe(404);
  });

  it('fails with a token that is none', async () => {
    const { status, body } = await arm.get('/subscriptions', { token: 'not.a.token', apiVersion: '2022-12-01' });
    expect([status, body.error.code]).toEqual([401, 'InvalidAuthenticationToken']);
  });
});

describe('bodies', () => {
  const put = (rawBody: string | Buffer, headers: Record<string, string> = {}) =>
    arm.request('PUT', `${subscription}/resourcegroups/bodies`, { rawBody, headers, apiVersion: '2024-03-01' });

  it.each([
    ['malformed JSON', '{"location": ', {}, 400, 'InvalidRequestContent'],
    ['nothing', '', {}, 400, 'InvalidRequestContent'],
    ['an array', '[]', {}, 400, 'InvalidParameter'],
    ['null', 'null', {}, 400, 'InvalidParameter'],
    ['a text', '"x"', {}, 400, 'InvalidParameter'],
    ['a prototype', '{"__proto__": {"a": 1}, "location": "eastus"}', {}, 400, 'InvalidRequestContent'],
    ['a form', 'location=eastus', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UnsupportedMediaType'],
    ['XML', '<a/>', { 'content-type': 'application/xml' }, 415, 'UnsupportedMediaType'],
  ])('with %s are refused', async (_what, body, headers, status, code) => {
    const answer = await put(body, headers);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it('of no bytes are none, whatever they are announced as', async () => {
    const path = `${subscription}/providers/Microsoft.ContainerRegistry/register`;
    const headers = { 'content-type': 'application/json' };
    expect((await arm.request('POST', path, { rawBody: '', headers, apiVersion: '2024-03-01' })).status).toBe(200);
    expect((await arm.request('GET', '/subscriptions', { headers, apiVersion: '2022-12-01' })).status).toBe(200);
  });

  it('may be called merge patches', async () => {
    const path = await management.group();
    const headers = { 'content-type': 'application/merge-patch+json; charset=utf-8' };
    const { status, body } = await arm.patch(path, { tags: { a: 'ü' } }, { headers, apiVersion: '2024-03-01' });
    expect([status, body.tags]).toEqual([200, { a: 'ü' }]);
  });

  it('of more than 4 MiB are refused', async () => {
    const answer = await put(JSON.stringify({ location: 'eastus', tags: { a: 'x'.repeat(5 * 1024 * 1024) } }));
    expect([answer.status, answer.body.error.code]).toEqual([413, 'RequestEntityTooLarge']);
  });
});

describe('text that is none', () => {
  const groups = () => `${subscription}/resourcegroups`;
  const version = { apiVersion: '2024-03-01' };

  it.each([
    ['NUL in a name', '/a%00b', 400, 'InvalidParameter'],
    ['a line end in a name', '/a%0d%0ab', 400, 'InvalidParameter'],
    ['NUL in the query', '?$filter=tagName eq %27a%00%27', 400, 'InvalidParameter'],
    ['a broken escape', '/%zz', 400, 'InvalidParameter'],
    ['half a character in UTF-8', '/%C4', 400, 'InvalidParameter'],
    ['a name without end', `/${'a'.repeat(600)}`, 400, 'InvalidParameter'],
  ])('is refused: %s', async (_what, path, status, code) => {
    const answer = await arm.get(groups() + path, version);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it.each([
    '{"location":"eastus","tags":{"a":"x\\u0000y"}}',
    '{"location":"eastus","tags":{"a\\u0000":"x"}}',
    '{"location":"eastus","managedBy":"\\ud800"}',
    `${'['.repeat(100)}${']'.repeat(100)}`,
  ])('is refused in a body: %s', async (rawBody) => {
    const answer = await arm.request('PUT', `${groups()}/unclean`, { rawBody, ...version });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'InvalidRequestContent']);
  });

  it('is no reason to refuse letters of other alphabets', async () => {
    // The published pattern is .NET's, whose \w is every letter there is; read as JavaScript's it would refuse them.
    const arm = new ArmClient({ baseUrl: management.baseUrl, token: management.owner.token, contracts: [] });
    const path = `${groups()}/${encodeURIComponent('Größe-名前')}`;
    expect((await arm.put(path, { location: 'eastus', tags: { größe: '名前 😀' } }, version)).status).toBe(201);
    expect((await arm.get(`${path.toLowerCase()}/resources`, version)).status).toBe(200);
  });
});

describe('headers', () => {
  const list = (headers: Record<string, string>) => arm.get('/subscriptions', { headers, apiVersion: '2022-12-01' });

  it('carry ids: a new one of the request, the caller’s correlation id, its own only when it wants it back', async () => {
    const first = await list({});
    expect(first.headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.headers['x-ms-correlation-request-id']).toBe(first.headers['x-ms-request-id']);
    expect(first.headers['cache-control']).toBe('no-cache');
    const second = await list({ 'x-ms-correlation-request-id': 'corr-1', 'x-ms-client-request-id': 'mine' });
    expect(second.headers['x-ms-correlation-request-id']).toBe('corr-1');
    expect(second.headers).not.toHaveProperty('x-ms-client-request-id');
    const third = await list({ 'x-ms-client-request-id': 'mine', 'x-ms-return-client-request-id': 'true' });
    expect(third.headers['x-ms-client-request-id']).toBe('mine');
    expect((await list({ 'x-ms-correlation-request-id': 'a b\tc' })).headers['x-ms-correlation-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('carry what ARM adds: the way it went, who asked, and how much may follow', async () => {
    const version = { apiVersion: '2024-03-01', headers: { 'x-ms-correlation-request-id': 'corr-2' } };
    const group = `${subscription}/resourcegroups/headers`;
    const replies = {
      writes: await arm.put(group, { location: 'eastus' }, version),
      reads: await arm.get(group, version),
      deletes: await arm.delete(group, version),
    };
    for (const [kind, { headers }] of Object.entries(replies)) {
      expect(headers['x-ms-routing-request-id']).toMatch(/^EASTUS:\d{8}T\d{6}Z:corr-2$/);
      expect(headers['x-ms-operation-identifier']).toBe(
        `tenantId=${management.tenantId},objectId=${management.owner.principalId}/eastus/${headers['x-ms-request-id']}`,
      );
      const remaining = Object.keys(headers).filter((name) => name.startsWith('x-ms-ratelimit-remaining'));
      expect(remaining).toEqual([`x-ms-ratelimit-remaining-subscription-${kind}`]);
      expect(Number(headers[remaining[0]!])).toBeGreaterThan(10_000);
    }
    const refused = (await arm.get(group, { ...version, token: null })).headers;
    expect(refused['x-ms-routing-request-id']).toMatch(/^EASTUS:/);
    expect(refused).not.toHaveProperty('x-ms-operation-identifier');
    expect((await list({})).headers).not.toHaveProperty('x-ms-ratelimit-remaining-subscription-reads');
  });

  it('carry the ids on errors too', async () => {
    const { headers } = await arm.get(registries, { apiVersion: null });
    expect(headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('with a host made to be repeated do not end up in links', async () => {
    const names = ['one', 'two'].map((name) => `host-${name}`);
    for (const name of names) await arm.put(`${subscription}/resourcegroups/${name}`, { location: 'eastus' }, { apiVersion: '2024-03-01' });
    const answer = await raw(
      `GET ${subscription}/resourcegroups?api-version=2024-03-01&$top=1 HTTP/1.1\r\nHost: evil/"><x\r\nAuthorization: Bearer ${management.owner.token}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).not.toContain('evil');
  });
});

/** Sends bytes as they are, and gives everything that came back. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(management.baseUrl).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}
