import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlStore } from '#lib/control';
import { rawRequest } from '../testing/raw-request.js';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let subscription: string;

beforeAll(async () => {
  management = await TestManagement.start();
  subscription = `/subscriptions/${management.subscriptionId}`;
});
afterAll(() => management?.stop());

const codeOf = (body: string): string | undefined => (JSON.parse(body === '' ? '{}' : body) as { error?: { code?: string } }).error?.code;
const bearer = (token: string) => `Authorization: Bearer ${token}`;
const groups = () => `${subscription}/resourceGroups`;

describe('A target in absolute form (RFC 9112, 3.2.2)', () => {
  it.each(['http://any.example', 'https://any.example:1234', 'HTTPS://any.example', 'http://user@any.example', 'http://u:p@any.example:1'])(
    'opens nothing with %s to a caller without a role',
    async (origin) => {
      const { token } = await management.caller();
      const target = `${origin}${groups()}?api-version=2024-03-01`;
      const answer = await rawRequest(management.baseUrl, [`GET ${target}`, bearer(token)]);
      expect([answer.status, codeOf(answer.body)]).toEqual([404, 'SubscriptionNotFound']);
    },
  );

  it('answers the Owner as the origin form does, with links to the host of the target', async () => {
    await management.group('absolute-a');
    await management.group('absolute-b');
    const target = `http://other.example:8080${groups()}?api-version=2024-03-01&$top=1`;
    const answer = await rawRequest(management.baseUrl, [`GET ${target}`, bearer(management.owner.token)]);
    expect(answer.status).toBe(200);
    const { nextLink } = JSON.parse(answer.body) as { nextLink: string };
    expect(nextLink).toMatch(/^http:\/\/other\.example:8080\/subscriptions\//);
  });

  it('lets the Owner follow an operation', async () => {
    const path = await management.group('absolute-operation');
    const gone = await management.owner.arm.delete(path, { apiVersion: '2024-03-01' });
    const location = new URL(gone.headers['location']!);
    const answer = await rawRequest(management.baseUrl, [
      `GET http://any.example${location.pathname}${location.search}`,
      bearer(management.owner.token),
    ]);
    expect(answer.status).toBe(202);
  });
});

describe('The order of the checks', () => {
  it('refuses a request without a token before it looks at its api-version', async () => {
    const answer = await rawRequest(management.baseUrl, [`GET ${groups()}?api-version=1999-01-01`]);
    expect([answer.status, codeOf(answer.body)]).toEqual([401, 'AuthenticationFailed']);
  });

  it('tells a caller without a role that the api-version is wrong before it asks for rights', async () => {
    const { token } = await management.caller();
    for (const query of ['', '?api-version=1999-01-01']) {
      const answer = await rawRequest(management.baseUrl, [`GET ${groups()}${query}`, bearer(token)]);
      expect(answer.status).toBe(400);
      expect(codeOf(answer.body)).toMatch(/ApiVersion|NoRegisteredProviderFound|InvalidResourceType/);
    }
  });

  it('asks for rights before it says whether the resource group exists', async () => {
    const { token } = await management.caller({ role: 'Reader', scope: `${subscription}/resourceGroups/mine` });
    const path = `${groups()}/not-there/providers/Microsoft.ContainerRegistry/registries?api-version=2025-11-01`;
    const answer = await rawRequest(management.baseUrl, [`GET ${path}`, bearer(token)]);
    expect([answer.status, codeOf(answer.body)]).toEqual([403, 'AuthorizationFailed']);
  });
});

describe('A body that was announced and not sent', () => {
  const put = (length: number, ...more: string[]) =>
    rawRequest(management.baseUrl, [
      `PUT ${groups()}/x?api-version=2024-03-01`,
      'Content-Type: application/json',
      `Content-Length: ${length}`,
      ...more,
    ]);

  it('is not waited for when there is no token, or a wrong one', async () => {
    expect((await put(4 * 1024 * 1024)).status).toBe(401);
    expect((await put(4 * 1024 * 1024, 'Authorization: Basic YTpi')).status).toBe(401);
    expect((await put(100, bearer(`${management.owner.token}x`))).status).toBe(401);
  });

  it('is refused by its announced length above 256 KiB', async () => {
    const answer = await put(256 * 1024 + 1, bearer(management.owner.token));
    expect([answer.status, codeOf(answer.body)]).toEqual([413, 'RequestEntityTooLarge']);
  });

  it('is refused above 32 KiB where it is a form', async () => {
    const answer = await rawRequest(management.baseUrl, [
      'POST /organizations/oauth2/v2.0/token',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${32 * 1024 + 1}`,
    ]);
    expect(answer.status).toBe(413);
  });

  it('is not waited for at a path that does not exist, or with a method that is not there', async () => {
    const head = ['Content-Type: application/json', 'Content-Length: 1000'];
    const absent = await rawRequest(management.baseUrl, ['POST /no/such/path', ...head]);
    expect([absent.status, codeOf(absent.body)]).toEqual([404, 'InvalidResourceType']);
    const method = await rawRequest(management.baseUrl, [`PUT ${groups()}?api-version=2024-03-01`, ...head]);
    expect([method.status, method.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
});

describe('Methods', () => {
  it.each(['QUERY', 'PROPFIND', 'LOCK', 'TRACE', 'PURGE', 'OPTIONS'])('answers %s on a known path with 405 and Allow', async (method) => {
    const answer = await rawRequest(management.baseUrl, [`${method} ${groups()}/x?api-version=2024-03-01`, bearer(management.owner.token)]);
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'DELETE, GET, HEAD, PATCH, PUT']);
  });

  it('answers HEAD wherever there is a GET, with the rights of the GET', async () => {
    const { token } = await management.caller();
    const path = `${groups()}?api-version=2024-03-01`;
    const owner = await rawRequest(management.baseUrl, [`HEAD ${path}`, bearer(management.owner.token)]);
    expect([owner.status, owner.body]).toEqual([200, '']);
    expect(Number(owner.headers['content-length'])).toBeGreaterThan(10);
    expect((await rawRequest(management.baseUrl, [`HEAD ${path}`, bearer(token)])).status).toBe(404);
    expect((await rawRequest(management.baseUrl, [`HEAD ${path}`])).status).toBe(401);
  });
});

describe('An operation', () => {
  it('may be followed by its starter to the end, although its role goes with what is deleted', async () => {
    const path = await management.group('started-by');
    const { token, principalId } = await management.caller({ role: 'Contributor', scope: path });
    const gone = await rawRequest(management.baseUrl, [`DELETE ${path}?api-version=2024-03-01`, bearer(token)]);
    expect(gone.status).toBe(202);
    const location = new URL(gone.headers['location']!);
    const follow = (who: string) => rawRequest(management.baseUrl, [`GET ${location.pathname}${location.search}`, bearer(who)]);
    expect((await follow(token)).status).toBe(202);
    const control = management.app.get(ControlStore, { strict: false });
    const operation = await control.operations.byName(location.pathname.split('/').at(-1)!);
    await control.operations.succeed(operation!.id);
    // The role is gone, as at the end of a deletion.
    await management.removeRoles(principalId);
    expect((await follow(token)).status).toBe(200);
    const other = await management.caller();
    expect((await follow(other.token)).status).toBe(404);
    expect((await follow((await management.caller({ role: 'Reader', scope: `${groups()}/other` })).token)).status).toBe(403);
  });
});

describe('Ids of service principals and secrets that are not GUIDs', () => {
  it('are refused as such', async () => {
    const { principalId } = await management.caller();
    for (const path of [
      'servicePrincipals/nobody',
      `servicePrincipals/${principalId}/secrets/none`,
      `servicePrincipals/${randomUUID()}x`,
    ]) {
      const answer = await rawRequest(management.baseUrl, [`DELETE /regatta/v1/${path}`, bearer(management.owner.token)]);
      expect([answer.status, codeOf(answer.body)]).toEqual([400, 'InvalidParameter']);
    }
  });
});

describe('Passwords of the admin account', () => {
  it('are kept by no cache on the way', async () => {
    const path = `${await management.group()}/providers/Microsoft.ContainerRegistry/registries/nostore${randomUUID().slice(0, 8)}`;
    const { arm } = management.owner;
    await arm.put(path, { location: 'eastus', sku: { name: 'Basic' }, properties: { adminUserEnabled: true } });
    const shown = await arm.post(`${path}/listCredentials`);
    const changed = await arm.post(`${path}/regenerateCredential`, { name: 'password' });
    for (const { status, headers } of [shown, changed]) expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
  });
});

describe('A reserved name', () => {
  it('is not available, and no registry is created under it', async () => {
    const names = `${subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability`;
    const { arm } = management.owner;
    const check = await arm.post(names, { name: 'Management', type: 'Microsoft.ContainerRegistry/registries' });
    expect(check.body).toMatchObject({ nameAvailable: false, reason: 'Invalid' });
    const path = `${await management.group()}/providers/Microsoft.ContainerRegistry/registries/management`;
    expect(await arm.put(path, { location: 'eastus', sku: { name: 'Basic' } })).toMatchObject({ status: 400 });
  });
});
