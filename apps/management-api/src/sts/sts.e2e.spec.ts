import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyRing, Principals, PrincipalTokens } from '#lib/identity';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let clientId: string;
let clientSecret: string;
let principalId: string;

beforeAll(async () => {
  management = await TestManagement.start();
  ({ clientId, clientSecret, principalId } = await newClient());
});
afterAll(() => management?.stop());

async function newClient(secretExpiresAt?: Date) {
  const principals = management.app.get(Principals, { strict: false });
  const { principal, secret } = await principals.create({
    tenantId: management.tenantId,
    displayName: 'client',
    ...(secretExpiresAt && { secretExpiresAt }),
  });
  return { clientId: principal.clientId, clientSecret: secret, principalId: principal.id };
}

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, any>;
  text: string;
}

async function get(path: string): Promise<Answer> {
  return answerOf(await fetch(management.baseUrl + path));
}

async function post(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Answer> {
  const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
  return answerOf(
    await fetch(management.baseUrl + path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    }),
  );
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as Record<string, any> };
}

const v2 = (tenant = management.tenantId): string => `/${tenant}/oauth2/v2.0/token`;
const wish = (change: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_id: clientId,
  client_secret: clientSecret,
  scope: 'https://localhost:8443/.default',
  ...change,
});

describe('the token endpoint', () => {
  it('gives a client with the right secret a token that the published keys verify', async () => {
    const { status, body, headers } = await post(v2(), wish());
    expect(status).toBe(200);
    expect(body).toEqual({ token_type: 'Bearer', expires_in: 3600, ext_expires_in: 3600, access_token: expect.any(String) });
    expect(headers.get('cache-control')).toBe('no-store');
    const keys = createRemoteJWKSet(new URL(`${management.baseUrl}/${management.tenantId}/discovery/v2.0/keys`));
    const { body: configuration } = await get(`/${management.tenantId}/v2.0/.well-known/openid-configuration`);
    const { payload } = await jwtVerify(body.access_token, keys, {
      issuer: configuration.issuer,
      audience: 'https://localhost:8443',
      algorithms: ['ES256'],
    });
    expect(payload).toMatchObject({ oid: principalId, sub: principalId, appid: clientId, tid: management.tenantId, ver: '2.0' });
    expect(decodeProtectedHeader(body.access_token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) });
  });

  it('takes the client by HTTP Basic', async () => {
    const { grant_type, scope } = wish();
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const { status } = await post(v2(), { grant_type: grant_type!, scope: scope! }, { authorization });
    expect(status).toBe(200);
  });

  it('answers the older form with a resource, numbers written as text', async () => {
    const { scope: _, ...form } = wish({ resource: 'https://localhost:8443/' });
    const { status, body } = await post(`/${management.tenantId}/oauth2/token`, form);
    expect(status).toBe(200);
    expect(body).toMatchObject({ expires_in: '3600', resource: 'https://localhost:8443/', expires_on: expect.stringMatching(/^\d+$/) });
  });

  it.each(['organizations', 'common', 'adfs'])('knows the tenant by the client under /%s', async (authority) => {
    const path = authority === 'adfs' ? '/adfs/oauth2/token' : v2(authority);
    expect((await post(path, wish())).status).toBe(200);
  });

  // The provider of Terraform appends the tenant and the path to the login endpoint it was told.
  it('is the v2 endpoint as well where a tenant follows /adfs', async () => {
    const path = `/adfs${v2()}`;
    const { status, body } = await post(path, wish());
    expect([status, body.token_type]).toEqual([200, 'Bearer']);
    expect((await post(`/adfs${v2(randomUUID())}`, wish())).body.error_codes).toEqual([700016]);
    expect((await post(path, wish({ client_secret: 'wrong' }))).body.error_codes).toEqual([7000215]);
  });

  it('says that it takes no certificate and no federated credential', async () => {
    const { client_secret: _, ...form } = wish({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `e30.e30.${'x'.repeat(6000)}`,
    });
    const { status, body } = await post(v2(), form);
    expect([status, body.error, body.error_codes]).toEqual([401, 'invalid_client', [700027]]);
    expect(body.error_description).toMatch(/certificates and federated credentials .*'client_secret'/);
  });

  it('gives tokens that open the management API', async () => {
    const { body } = await post('/adfs/oauth2/token', wish({ scope: 'https://localhost:8443//.default' }));
    const response = await fetch(`${management.baseUrl}/subscriptions?api-version=2022-12-01`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(response.status).toBe(200);
  });

  it('refuses in the words of Entra, with ids to look it up by', async () => {
    const correlation = randomUUID();
    const { status, body } = await post(v2(), wish({ client_secret: 'wrong' }), { 'client-request-id': correlation });
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: 'invalid_client', error_codes: [7000215], correlation_id: correlation });
    expect(body.error_description).toMatch(/^AADSTS7000215: Invalid client secret provided\./);
    expect(body.timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    expect(body.trace_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers an unknown client as it answers a wrong secret', async () => {
    const nameless = ({ body, status }: Answer, name: string) => ({
      status,
      error: body.error,
      codes: body.error_codes,
      text: String(body.error_description).split(' Trace ID')[0]!.replaceAll(name, 'X'),
    });
    const unknown = randomUUID();
    const wrong = nameless(await post(v2(), wish({ client_secret: 'wrong' })), clientId);
    const nobody = nameless(await post(v2(), wish({ client_id: unknown, client_secret: 'wrong' })), unknown);
    expect(nobody).toEqual(wrong);
  });

  it('says that a secret has expired', async () => {
    const old = await newClient(new Date(Date.now() - 1000));
    const { status, body } = await post(v2(), wish({ client_id: old.clientId, client_secret: old.clientSecret }));
    expect([status, body.error_codes]).toEqual([401, [7000222]]);
  });

  it('refuses a client in another tenant than its own', async () => {
    const { status, body } = await post(v2(randomUUID()), wish());
    expect([status, body.error, body.error_codes]).toEqual([400, 'unauthorized_client', [700016]]);
  });

  it.each([
    ['a tenant that is none', '/contoso.example/oauth2/v2.0/token', {}, 400, 90002],
    ['another grant type', undefined, { grant_type: 'authorization_code' }, 400, 70003],
    ['no secret', undefined, { client_secret: '' }, 401, 7000218],
    ['an audience that is no service of ours', undefined, { scope: 'urn:anything/.default' }, 400, 500011],
    ['a stranger below another suffix', undefined, { scope: 'https://evil.example/.default' }, 400, 500011],
    ['a user scope', undefined, { scope: 'openid' }, 400, 1002012],
    ['no client', undefined, { client_id: '' }, 400, 900144],
  ])('refuses %s', async (_what, path, change, status, code) => {
    const answer = await post(path ?? v2(), wish(change as Record<string, string>));
    expect([answer.status, answer.body.error_codes]).toEqual([status, [code]]);
  });

  it('makes who guesses wait', async () => {
    const target = await newClient();
    const form = wish({ client_id: target.clientId, client_secret: 'guess' });
    for (let i = 0; i < 10; i++) expect((await post(v2(), { ...form, client_secret: `guess${i}` })).status).toBe(401);
    const { status, headers, body } = await post(v2(), form);
    expect([status, body.error]).toEqual([429, 'temporarily_unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each([
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
    ['by its length', {}],
  ] as const)('refuses a form that is too large in words of OAuth, and names the limit: sent %s', async (_how, headers) => {
    const form = Buffer.from(new URLSearchParams(wish({ client_assertion: 'x'.repeat(33 * 1024) })).toString());
    const answer = await new Promise<{ status: number | undefined; body: Record<string, unknown> }>((resolve, reject) => {
      const length = 'Transfer-Encoding' in headers ? {} : { 'Content-Length': form.length };
      const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const sent = request(management.baseUrl + v2(), { method: 'POST', headers: { ...type, ...headers, ...length } }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body: JSON.parse(body) as Record<string, unknown> }), reject);
      });
      sent.on('error', reject);
      sent.end(form);
    });
    expect(answer).toMatchObject({
      status: 413,
      body: { error: 'invalid_request', error_description: expect.stringContaining('larger than 32 KiB'), error_codes: [900144] },
    });
  });

  it.each<[string, Record<string, string>, string | Buffer]>([
    ['JSON that is none', { 'content-type': 'application/json' }, '{'],
    ['JSON that would change the prototype of objects', { 'content-type': 'application/json' }, '{"__proto__":{"a":1}}'],
    ['JSON that is a list', { 'content-type': 'application/json' }, '[1]'],
    ['JSON that is a number', { 'content-type': 'application/json' }, '7'],
    ['JSON that is deep', { 'content-type': 'application/json' }, `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`],
    ['JSON with a NUL', { 'content-type': 'application/json' }, String.raw`{"grant_type":"\u0000"}`],
    ['JSON with half a character', { 'content-type': 'application/json' }, String.raw`{"grant_type":"\ud800"}`],
    ['a text', { 'content-type': 'text/plain' }, 'grant_type=client_credentials'],
    ['XML', { 'content-type': 'application/xml' }, '<a/>'],
    ['a type that is none', { 'content-type': ';;;' }, 'x'],
    ['a form in parts', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
    ['no type', {}, 'x'],
    ['a NUL in a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'grant_type=client_credentials\0'],
    [
      'an encoded NUL in a form',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'grant_type=a%00b&client_id=%00&client_secret=%00',
    ],
    ['bytes that are no text', { 'content-type': 'application/x-www-form-urlencoded' }, Buffer.from([0xff, 0xfe, 0x00, 0x80])],
    ['broken escapes', { 'content-type': 'application/x-www-form-urlencoded' }, 'grant_type=%zz%'],
    ['nothing', { 'content-type': 'application/x-www-form-urlencoded' }, ''],
    ['an encoding', { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }, Buffer.from([0x1f, 0x8b])],
  ])('refuses in words of OAuth what it cannot read: %s', async (_what, headers, body) => {
    for (const path of [v2(), `/${management.tenantId}/oauth2/token`, '/adfs/oauth2/token', `${v2()}?x=%00`]) {
      const answer = await answerOf(await fetch(management.baseUrl + path, { method: 'POST', body: Buffer.from(body), headers }));
      expect([path, answer.status, answer.body]).toEqual([
        path,
        expect.toSatisfy((status: number) => [400, 401, 415].includes(status)),
        expect.objectContaining({
          error: expect.stringMatching(/^(invalid|unsupported)_/),
          error_description: expect.stringContaining('AADSTS'),
        }),
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('issues a token only under a name that its service takes, however it was written', async () => {
    const tokens = management.app.get(PrincipalTokens, { strict: false });
    const services = ['https://localhost:8443', 'https://management.azure.com', 'https://containerregistry.azure.net'];
    const registries = ['https://myreg.localhost:5443', 'https://myreg-abc123.localhost:5443'];
    const names = [
      ...services,
      ...registries,
      'https://management.core.windows.net',
      'https://a.b.localhost:5443',
      'https://.localhost:5443',
    ];
    const more = [
      'https://localhost:5443',
      'https://evil.example',
      'https://x-.localhost:5443',
      'https://myreg.localhost',
      'https://localhost',
    ];
    const forms: ((name: string) => string)[] = [
      (name) => name,
      (name) => `${name}/`,
      (name) => `${name}//`,
      (name) => name.toUpperCase(),
      (name) => name.replace('https:', 'HTTPS:'),
      (name) => name.replace('https:', 'http:'),
      (name) => name.replace('https://', ''),
      (name) => `${name}/path`,
      (name) => `${name}?x`,
      (name) => name.replace('https://', 'https://user@'),
      (name) => `${name}.`,
      (name) => name.replace(/:\d+$/, ':0443'),
    ];
    let issued = 0;
    for (const resource of [...names, ...more].flatMap((name) => forms.map((form) => form(name)))) {
      const { scope: _scope, ...form } = wish({ resource });
      const { status, body } = await post(`/${management.tenantId}/oauth2/token`, form);
      if (status !== 200) {
        expect([resource, status, body['error']]).toEqual([resource, 400, expect.stringMatching(/^invalid_(resource|request)$/)]);
        continue;
      }
      issued += 1;
      const token = body['access_token'] as string;
      const wanted = resource.toLowerCase().replace(/\/+$/, '');
      if (registries.includes(wanted) || wanted === 'https://containerregistry.azure.net') {
        expect(tokens.bearer(token, [wanted]).clientId).toBe(clientId);
        continue;
      }
      const answer = await fetch(`${management.baseUrl}/subscriptions?api-version=2022-12-01`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect([resource, answer.status]).toEqual([resource, 200]);
    }
    expect(issued).toBeGreaterThanOrEqual(6 * 5);
  });

  it('refuses a form that would change the prototype of objects', async () => {
    const { status } = await post(v2(), '__proto__[x]=1&__proto__=2&grant_type=client_credentials');
    expect(status).toBe(400);
  });
});

describe('discovery', () => {
  it('names the endpoints of a tenant under the public address', async () => {
    const { status, body } = await get(`/${management.tenantId}/v2.0/.well-known/openid-configuration`);
    const base = `https://localhost:8443/${management.tenantId}`;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      issuer: `${base}/v2.0`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      authorization_endpoint: expect.any(String),
      jwks_uri: `${base}/discovery/v2.0/keys`,
    });
  });

  it('has the forms az asks for', async () => {
    const { body } = await get('/adfs/.well-known/openid-configuration');
    expect(body).toMatchObject({ issuer: 'https://localhost:8443/adfs', token_endpoint: 'https://localhost:8443/adfs/oauth2/token' });
    const instance = await get(
      `/common/discovery/instance?api-version=1.1&authorization_endpoint=https://localhost:8443/${management.tenantId}/oauth2/v2.0/authorize`,
    );
    expect(instance.body.tenant_discovery_endpoint).toBe(
      `https://localhost:8443/${management.tenantId}/v2.0/.well-known/openid-configuration`,
    );
  });

  it.each(['/common', '/organizations', '/adfs', ''])('publishes the same keys under %s', async (authority) => {
    const of = authority === '' ? `/${management.tenantId}` : authority;
    for (const path of [`${of}/discovery/v2.0/keys`, `${of}/discovery/keys`]) {
      const { status, body } = await get(path);
      expect(status).toBe(200);
      expect(body).toEqual(management.app.get(KeyRing, { strict: false }).jwks());
      expect(JSON.stringify(body)).not.toMatch(/"d"/);
    }
  });

  it('knows no tenant that is none', async () => {
    const { status, body } = await get('/contoso/v2.0/.well-known/openid-configuration');
    expect([status, body.error_codes]).toEqual([400, [90002]]);
  });

  it('refuses characters that are part of no name in its own words', async () => {
    for (const path of [
      'v2.0/.well-known/openid-configuration',
      '.well-known/openid-configuration',
      'discovery/v2.0/keys',
      'discovery/keys',
    ]) {
      const { status, body } = await get(`/%01/${path}`);
      expect([path, status, body.error, body.error_description]).toEqual([path, 400, 'invalid_request', expect.stringMatching(/^AADSTS/)]);
    }
  });
});

describe('the log', () => {
  it('holds no secret and no token of anything that was asked', async () => {
    const { newLogger } = await import('#lib/platform');
    const lines: string[] = [];
    const destination = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) });
    const other = await TestManagement.start({ LOG_LEVEL: 'trace' }, newLogger({ name: 'spec', level: 'trace', destination }));
    try {
      const { principal, secret } = await other.app
        .get(Principals, { strict: false })
        .create({ tenantId: other.tenantId, displayName: 'canary' });
      const ask = (path: string, form: Record<string, string>, headers = {}) =>
        fetch(other.baseUrl + path, { method: 'POST', body: new URLSearchParams(form), headers });
      const form = { ...wish(), client_id: principal.clientId, client_secret: secret };
      const good = (await (await ask(v2(other.tenantId), form)).json()) as { access_token: string };
      await ask(v2(other.tenantId), { ...form, client_id: randomUUID() });
      await ask(v2(other.tenantId), { ...form, scope: 'x' });
      await ask(`/${secret}/oauth2/v2.0/token?client_secret=${secret}`, { ...form, grant_type: secret });
      await ask(v2(other.tenantId), { scope: 'x' }, { authorization: `Basic ${Buffer.from(`a:${secret}`).toString('base64')}` });
      for (const token of [good.access_token, `${good.access_token}x`]) {
        await fetch(`${other.baseUrl}/subscriptions?api-version=2022-12-01`, { headers: { authorization: `Bearer ${token}` } });
      }
      const log = lines.join('').replaceAll(`"path":"/${secret}/oauth2/v2.0/token"`, ''); // What is put into a path is public.
      expect(lines.length).toBeGreaterThan(5);
      expect(log).not.toContain(secret);
      expect(log).not.toContain(good.access_token);
    } finally {
      await other.stop();
    }
  });
});
