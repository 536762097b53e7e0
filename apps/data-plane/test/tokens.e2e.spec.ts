import { generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeyRing } from '#lib/identity';
import { basic, bearer, type Received } from './http-client.js';
import { Installation, newPassword, sealed, suffix, type TestRegion, type TestRegistry } from './installation.js';

const nullUser = '00000000-0000-0000-0000-000000000000';
const message = 'authentication required, visit https://aka.ms/acr/authorization for more information.';

interface Tokens {
  access_token: string;
  token: string;
  expires_in: number;
  issued_at: string;
  refresh_token?: string;
}
interface Claims {
  iss: string;
  aud: string;
  sub: string;
  exp: number;
  iat: number;
  version: string;
  grant_type: string;
  access: { type: string; name: string; actions: string[] }[];
  [claim: string]: unknown;
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Claims;
const accessOf = (answer: Received) => claimsOf(answer.json<Tokens>().access_token).access;

describe('the token service', () => {
  let installation: Installation;
  let region: TestRegion;
  let registry: TestRegistry;
  let other: TestRegistry;
  let open: TestRegistry;

  beforeAll(async () => {
    installation = await Installation.create();
    registry = await installation.registry('TokenReg');
    other = await installation.registry('otherreg');
    open = await installation.registry('openreg', { sku: 'Standard', settings: { anonymousPullEnabled: true } });
    region = await installation.start();
  });
  afterAll(() => installation.destroy());

  const token = (query: string, headers: Record<string, string> = {}, host = registry.host) =>
    region.https.send({ host, path: `/oauth2/token?${query}`, headers });
  const post = (path: string, form: Record<string, string>, host = registry.host) => region.https.postForm({ host, path }, form);
  const admin = () => basic('tokenreg', registry.passwords[0]);
  const base = (headers: Record<string, string>, host = registry.host) => region.https.send({ host, path: '/v2/', headers });

  describe('challenges', () => {
    it('say where tokens are to be had, exactly as ACR says it', async () => {
      const answer = await region.https.send({ host: registry.host, path: '/v2/team/app/manifests/latest' });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer realm="https://${registry.host}/oauth2/token",service="${registry.host}",scope="repository:team/app:pull"`,
      );
      expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
      expect(answer.headers['x-ms-correlation-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers['x-ms-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      const exposed = answer.rawHeaders.filter((_, i) => i % 2 === 1 && answer.rawHeaders[i - 1] === 'Access-Control-Expose-Headers');
      expect(exposed).toEqual(['Docker-Content-Digest', 'WWW-Authenticate', 'Link', 'X-Ms-Correlation-Request-Id']);
      expect(answer.json()).toEqual({
        errors: [{ code: 'UNAUTHORIZED', message, detail: [{ Type: 'repository', Name: 'team/app', Action: 'pull' }] }],
      });
    });

    it('name no scope on /v2/ and stay on http for those who came by http', async () => {
      const answer = await region.http.send({ host: 'tokenreg.localhost:5000', path: '/v2/' });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="http://tokenreg.localhost:5000/oauth2/token",service="tokenreg.localhost:5000"',
      );
      expect(answer.headers['strict-transport-security']).toBeUndefined();
    });

    it('ask for what each verb needs', async () => {
      const scope = async (method: string, path: string) =>
        /scope="([^"]*)"/.exec((await region.https.send({ host: registry.host, method, path })).headers['www-authenticate'] ?? '')?.[1];
      expect(await scope('PUT', '/v2/app/manifests/x')).toBe('repository:app:pull,push');
      expect(await scope('POST', '/v2/app/blobs/uploads/')).toBe('repository:app:pull,push');
      expect(await scope('DELETE', '/v2/app/manifests/x')).toBe('repository:app:delete');
      expect(await scope('GET', '/v2/_catalog')).toBe('registry:catalog:*');
      expect(await scope('GET', '/v2/app/tags/list')).toBe('repository:app:pull');
    });

    it('carry on the correlation id of the client, unless it could break something', async () => {
      const mine = await region.https.send({
        host: registry.host,
        path: '/v2/',
        headers: { 'x-ms-correlation-request-id': 'my-own-id-0001' },
      });
      expect(mine.headers['x-ms-correlation-request-id']).toBe('my-own-id-0001');
      const odd = await region.https.send({ host: registry.host, path: '/v2/', headers: { 'x-ms-correlation-request-id': 'a"b' } });
      expect(odd.headers['x-ms-correlation-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    });
  });

  describe('for the admin account', () => {
    it('gives a token for both passwords, with both names and the time it lives', async () => {
      for (const password of registry.passwords) {
        const answer = await token(
          'service=tokenreg.localhost:5443&scope=repository:app:pull,push&account=tokenreg',
          basic('TokenReg', password),
        );
        expect(answer.status).toBe(200);
        expect(answer.headers['cache-control']).toBe('no-store');
        const body = answer.json<Tokens>();
        expect(body.token).toBe(body.access_token);
        expect(body.expires_in).toBeGreaterThanOrEqual(60);
        expect(Date.parse(body.issued_at)).toBeGreaterThan(Date.now() - 60_000);
        expect(body.refresh_token).toBeUndefined();
        const claims = claimsOf(body.access_token);
        expect(claims).toMatchObject({
          aud: registry.host,
          version: '1.0',
          grant_type: 'access_token',
          registries: [registry.id],
          roles: [],
        });
        expect(claims.access).toEqual([{ type: 'repository', name: 'app', actions: ['pull', 'push'] }]);
        expect((await base(bearer(body.access_token))).status).toBe(200);
      }
    });

    it('keeps the order of the scopes, grants the star, and leaves empty what there is not', async () => {
      const query = 'scope=repository:b:*&scope=registry:catalog:*%20repository:a:metadata_read&scope=artifact-repository:repo:pull';
      expect(accessOf(await token(query, admin()))).toEqual([
        { type: 'repository', name: 'b', actions: ['*'] },
        { type: 'registry', name: 'catalog', actions: ['*'] },
        { type: 'repository', name: 'a', actions: ['metadata_read'] },
        { type: 'artifact-repository', name: 'repo', actions: [] },
      ]);
    });

    it('refuses wrong passwords, passwords of another registry and unknown users alike', async () => {
      for (const headers of [
        basic('tokenreg', 'wrong'),
        basic('tokenreg', other.passwords[0]),
        basic('otherreg', other.passwords[0]),
        basic('nobody', 'x'),
      ]) {
        const answer = await token('scope=repository:app:pull', headers);
        expect(answer.status).toBe(401);
        expect(answer.json()).toEqual({ errors: [{ code: 'UNAUTHORIZED', message, detail: null }] });
      }
    });

    it('gives nothing while it is disabled, and what it gave is worth nothing', async () => {
      const reg = await installation.registry('disabledadmin');
      const before = (await token('', basic(reg.name, reg.passwords[0]), reg.host)).json<Tokens>().access_token;
      expect((await base(bearer(before), reg.host)).status).toBe(200);
      await installation.change(reg, { settings: { ...reg.row.settings, adminUserEnabled: false } });
      await expect.poll(async () => (await base(bearer(before), reg.host)).status).toBe(401);
      expect((await token('', basic(reg.name, reg.passwords[0]), reg.host)).status).toBe(401);
      expect((await base(basic(reg.name, reg.passwords[0]), reg.host)).status).toBe(401);
    });

    it('ends what a password gave when the password is regenerated, and not what the other one gave', async () => {
      const reg = await installation.registry('regenerated');
      const [first, second] = await Promise.all(
        reg.passwords.map(async (password) => (await token('', basic(reg.name, password), reg.host)).json<Tokens>().access_token),
      );
      await installation.change(reg, { adminPasswords: sealed([newPassword(), reg.passwords[1]]) });
      await expect.poll(async () => (await base(bearer(first!), reg.host)).status).toBe(401);
      expect((await base(bearer(second!), reg.host)).status).toBe(200);
    });
  });

  describe('for service principals', () => {
    it('grants what their roles at the registry give, and no more', async () => {
      const wanted = 'scope=repository:app:pull,push,delete,metadata_read,metadata_write&scope=registry:catalog:*';
      const cases = {
        AcrPull: [['pull', 'metadata_read'], ['*']],
        AcrPush: [['pull', 'push', 'metadata_read', 'metadata_write'], ['*']],
        AcrDelete: [['delete'], []],
        Reader: [[], []],
        Owner: [['pull', 'push', 'delete', 'metadata_read', 'metadata_write'], ['*']],
        Contributor: [['pull', 'push', 'delete', 'metadata_read', 'metadata_write'], ['*']],
      } as const;
      for (const [role, actions] of Object.entries(cases)) {
        const { clientId, secret } = await installation.principal([role as keyof typeof cases, registry]);
        expect(
          accessOf(await token(wanted, basic(clientId, secret))).map((entry) => entry.actions),
          role,
        ).toEqual(actions);
        expect(
          accessOf(await token(wanted, basic(clientId, secret), other.host)).every((entry) => entry.actions.length === 0),
          role,
        ).toBe(true);
      }
    });

    it('looks at data actions alone where the registry keeps permissions by repository', async () => {
      const reg = await installation.registry('abacreg', { settings: { roleAssignmentMode: 'AbacRepositoryPermissions' } });
      const owner = await installation.principal(['Owner', reg], ['AcrPull', reg]);
      const writer = await installation.principal(['Container Registry Repository Writer', reg]);
      const query = 'scope=repository:app:pull,push,delete&scope=registry:catalog:*';
      expect(accessOf(await token(query, basic(owner.clientId, owner.secret), reg.host)).map((e) => e.actions)).toEqual([[], []]);
      expect(accessOf(await token(query, basic(writer.clientId, writer.secret), reg.host)).map((e) => e.actions)).toEqual([
        ['pull', 'push'],
        [],
      ]);
    });

    it('exchanges their token of the installation for a refresh token, and that for access tokens', async () => {
      const principal = await installation.principal(['AcrPush', registry]);
      const { token: aad } = installation.principalTokens.issue(principal, 'https://containerregistry.azure.net');
      const exchanged = await post('/oauth2/exchange?api-version=2021-07-01', {
        grant_type: 'access_token',
        service: registry.host,
        tenant: principal.tenantId,
        access_token: aad,
      });
      expect(exchanged.status).toBe(200);
      const refresh = exchanged.json<Tokens>().refresh_token!;
      expect(claimsOf(refresh)).toMatchObject({ grant_type: 'refresh_token', aud: registry.host, permissions: { actions: ['*'] } });
      expect(claimsOf(refresh).exp - claimsOf(refresh).iat).toBe(3 * 60 * 60);

      const scope = 'repository:app:pull,push,delete';
      const posted = await post('/oauth2/token', { grant_type: 'refresh_token', service: registry.host, scope, refresh_token: refresh });
      expect(accessOf(posted)[0]?.actions).toEqual(['pull', 'push']);
      const docker = await token(`service=${registry.host}&scope=${scope}&offline_token=true&client_id=docker`, basic(nullUser, refresh));
      expect(accessOf(docker)[0]?.actions).toEqual(['pull', 'push']);
      expect(docker.json<Tokens>().refresh_token).toBe(refresh);
      const containerd = await post('/oauth2/token', {
        grant_type: 'password',
        service: registry.host,
        scope,
        username: nullUser,
        password: refresh,
      });
      expect(accessOf(containerd)[0]?.actions).toEqual(['pull', 'push']);
      expect((await base(basic(nullUser, refresh))).status).toBe(200);
      expect((await base(basic(nullUser, docker.json<Tokens>().access_token))).status).toBe(200);
      expect((await base(bearer(refresh))).status).toBe(401);
      expect((await post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: refresh }, other.host)).status).toBe(401);
      await installation.principals.update(principal.id, { enabled: false });
      expect((await post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: refresh })).status).toBe(401);
    });

    it('has its refresh token verified once in a Basic request', async () => {
      const principal = await installation.principal(['AcrPull', registry]);
      const { token: aad } = installation.principalTokens.issue(principal, 'https://containerregistry.azure.net');
      const exchanged = await post('/oauth2/exchange', { grant_type: 'access_token', access_token: aad });
      const verify = vi.spyOn(KeyRing.prototype, 'verify');
      try {
        expect((await base(basic(nullUser, exchanged.json<Tokens>().refresh_token!))).status).toBe(200);
        expect(verify).toHaveBeenCalledTimes(1);
      } finally {
        verify.mockRestore();
      }
    });

    it('refuses the exchange of tokens for somebody else, of other tenants, and of nonsense', async () => {
      const principal = await installation.principal(['AcrPush', registry]);
      const wrongAudience = installation.principalTokens.issue(principal, 'https://vault.azure.net').token;
      const good = installation.principalTokens.issue(principal, 'https://management.azure.com/').token;
      const exchange = (form: Record<string, string>, host = registry.host) =>
        post('/oauth2/exchange', { grant_type: 'access_token', service: host, ...form }, host);
      expect((await exchange({ access_token: good })).status).toBe(200);
      expect((await exchange({ access_token: wrongAudience })).status).toBe(401);
      expect((await exchange({ access_token: good, tenant: 'ffffffff-0000-0000-0000-000000000000' })).status).toBe(401);
      expect((await exchange({ access_token: 'a.b.c' })).status).toBe(401);
      expect((await exchange({})).status).toBe(401);
      expect((await exchange({ access_token: good, grant_type: 'other' })).status).toBe(400);
      expect((await exchange({ access_token: good, service: 'else.example.com' })).status).toBe(400);
      const strict = await installation.registry('noarmtokens');
      const policies = { ...strict.row.settings.policies, azureADAuthenticationAsArmPolicy: { status: 'disabled' as const } };
      await installation.change(strict, { settings: { ...strict.row.settings, policies } });
      expect((await exchange({ access_token: good }, strict.host)).status).toBe(401);
      expect((await base(bearer(good))).headers['www-authenticate']).toMatch(/,error="invalid_token"$/);
    });

    it('gives a refresh token to those who ask for one in so many words', async () => {
      const principal = await installation.principal(['AcrPull', registry]);
      const answer = await post('/oauth2/token', {
        grant_type: 'password',
        username: principal.clientId,
        password: principal.secret,
        access_type: 'offline',
        service: registry.host,
      });
      expect(claimsOf(answer.json<Tokens>().refresh_token!)).toMatchObject({ sub: principal.id, grant_type: 'refresh_token' });
    });
  });

  describe('for nobody in particular', () => {
    it('gives pull where anonymous pull is on', async () => {
      const answer = await token('scope=repository:app:pull,push&scope=registry:catalog:*', {}, open.host);
      expect(answer.status).toBe(200);
      expect(accessOf(answer).map((entry) => entry.actions)).toEqual([['pull'], []]);
      const sdk = await post(
        '/oauth2/token',
        { grant_type: 'password', service: open.host, scope: 'repository:app:pull', refresh_token: '' },
        open.host,
      );
      expect(accessOf(sdk)[0]?.actions).toEqual(['pull']);
      expect((await region.https.send({ host: open.host, path: '/v2/' })).status).toBe(401);
    });

    it('gives nothing where it is off, or where the SKU has none', async () => {
      expect((await token('scope=repository:app:pull')).status).toBe(401);
      const small = await installation.registry('basicreg', { sku: 'Basic', settings: { anonymousPullEnabled: true } });
      expect((await token('scope=repository:app:pull', {}, small.host)).status).toBe(401);
    });
  });

  describe('tokens that are not good', () => {
    const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

    it('are refused with invalid_token, whatever is wrong with them', async () => {
      const good = (await token('scope=repository:app:pull', admin())).json<Tokens>().access_token;
      const [head, body, tail] = good.split('.') as [string, string, string];
      const claims = claimsOf(good);
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const foreign = (header: object, payload: object) => {
        const input = `${b64(header)}.${b64(payload)}`;
        return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
      };
      const ours = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
      const without = (name: string) => {
        const { jti: _jti, iat: _iat, nbf: _nbf, exp: _exp, iss, aud, sub, ...rest } = claims;
        return { iss, aud, sub, ...rest, [name]: undefined } as { iss: string; aud: string; sub: string };
      };
      const signed = (payload: object) =>
        installation.keys.sign(payload as { iss: string; sub: string; aud: string }, { expiresInSeconds: 60 });
      const bad: Record<string, string> = {
        'alg none': `${b64({ alg: 'none', typ: 'JWT' })}.${body}.`,
        'alg none with kid': `${b64({ alg: 'none', typ: 'JWT', kid: ours.kid })}.${body}.${tail}`,
        'alg HS256': `${b64({ alg: 'HS256', typ: 'JWT', kid: ours.kid })}.${body}.${tail}`,
        'foreign key': foreign({ alg: 'ES256', typ: 'JWT', kid: 'unknown' }, claims),
        'our kid, foreign key': foreign({ alg: 'ES256', typ: 'JWT', kid: ours.kid }, claims),
        'key in the header': foreign({ alg: 'ES256', typ: 'JWT', kid: ours.kid, jku: 'https://evil.example.com/jwks' }, claims),
        'changed payload': `${head}.${b64({ ...claims, access: [{ type: 'repository', name: '*', actions: ['*'] }] })}.${tail}`,
        'cut signature': `${head}.${body}.${tail.slice(0, -2)}`,
        'wrong audience': signed({ ...without(''), aud: other.host }),
        'wrong issuer': signed({ ...without(''), iss: 'https://evil.example.com' }),
        'no registries': signed(without('registries')),
        'registries of another type': signed({ ...without(''), registries: 'all' }),
        'no access': signed(without('access')),
        'access of another type': signed({ ...without(''), access: [{ type: 'repository', name: 1, actions: 'pull' }] }),
        'no kind': signed(without('kind')),
        'refresh token': signed({ ...without(''), grant_type: 'refresh_token' }),
        'another registry': signed({ ...without(''), registries: [other.id] }),
        empty: '..',
        nonsense: 'nonsense',
      };
      for (const [what, text] of Object.entries(bad)) {
        const answer = await region.https.send({ host: registry.host, path: '/v2/app/tags/list', headers: bearer(text) });
        expect(answer.status, what).toBe(401);
        expect(answer.headers['www-authenticate'], what).toMatch(/scope="repository:app:pull",error="invalid_token"$/);
      }
      expect((await base(bearer(signed(without(''))))).status).toBe(200);
    });

    it('are refused once they have expired', async () => {
      const short = installation.keys.sign(
        {
          ...(claimsOf((await token('', admin())).json<Tokens>().access_token) as object as { iss: string; sub: string; aud: string }),
          jti: 'short',
        },
        { expiresInSeconds: 1 },
      );
      expect((await base(bearer(short))).status).toBe(200);
      await expect.poll(async () => (await base(bearer(short))).status, { timeout: 5_000 }).toBe(401);
    });

    it('are told apart from those that do not reach far enough', async () => {
      const pull = (await token('scope=repository:app:pull', admin())).json<Tokens>().access_token;
      const answer = await region.https.send({
        host: registry.host,
        path: '/v2/app/blobs/uploads/',
        method: 'POST',
        headers: bearer(pull),
      });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/scope="repository:app:pull,push",error="insufficient_scope"$/);
    });

    it('do not outlive the registry they were issued for, though another one takes its name', async () => {
      const first = await installation.registry('phoenix');
      const old = (await token('scope=repository:app:pull', basic('phoenix', first.passwords[0]), first.host)).json<Tokens>().access_token;
      const principal = await installation.principal();
      const { token: aad } = installation.principalTokens.issue(principal, 'https://containerregistry.azure.net');
      const refresh = (await post('/oauth2/exchange', { grant_type: 'access_token', access_token: aad }, first.host)).json<Tokens>()
        .refresh_token!;
      await installation.forget(first);
      const second = await installation.registry('phoenix');
      expect(second.host).toBe(first.host);
      await expect.poll(async () => (await base(basic('phoenix', second.passwords[0]), second.host)).status).toBe(200);
      expect((await base(bearer(old), second.host)).status).toBe(401);
      expect((await post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: refresh }, second.host)).status).toBe(401);
    });
  });

  describe('in path style', () => {
    const host = 'localhost:5000';

    it('names the registry in the scope, and a token is good for what it names only', async () => {
      const challenge = await region.http.send({ host, path: '/v2/tokenreg/app/tags/list' });
      expect(challenge.headers['www-authenticate']).toBe(
        `Bearer realm="http://${host}/oauth2/token",service="${host}",scope="repository:tokenreg/app:pull"`,
      );
      const answer = await token(
        'scope=repository:tokenreg/app:pull&scope=repository:otherreg/app:pull&scope=repository:app:pull&scope=repository:*:*',
        admin(),
        host,
      );
      expect(accessOf(answer).map((entry) => entry.actions)).toEqual([['pull'], [], [], []]);
      expect(claimsOf(answer.json<Tokens>().access_token).aud).toBe(suffix);
      const text = answer.json<Tokens>().access_token;
      expect((await region.http.send({ host, path: '/v2/', headers: bearer(text) })).status).toBe(200);
      expect((await region.http.send({ host, path: '/v2/otherreg/app/tags/list', headers: bearer(text) })).status).toBe(401);
      expect((await base(bearer(text))).status).toBe(401);
    });

    it('is not opened by a token of a login server, whose repository may be named like a registry', async () => {
      const text = (await token('scope=repository:otherreg/app:pull,push', admin())).json<Tokens>().access_token;
      expect((await region.http.send({ host, path: '/v2/otherreg/app/tags/list', headers: bearer(text) })).status).toBe(401);
    });

    it('lists the repositories of a registry under its name', async () => {
      const challenge = await region.http.send({ host, path: '/v2/tokenreg/_catalog' });
      expect(challenge.headers['www-authenticate']).toContain('scope="registry:tokenreg/catalog:*"');
      const text = (await token('scope=registry:tokenreg/catalog:*', admin(), host)).json<Tokens>().access_token;
      expect((await region.http.send({ host, path: '/v2/tokenreg/_catalog', headers: bearer(text) })).status).toBe(200);
      expect((await region.http.send({ host, path: '/v2/_catalog', headers: bearer(text) })).status).toBe(401);
    });
  });

  describe('requests that make no sense', () => {
    const form = 'application/x-www-form-urlencoded';
    it.each<[string, string, string | Buffer]>([
      ['nothing', form, ''],
      ['JSON', 'application/json', '{"grant_type":"password"}'],
      ['JSON that is none', 'application/json', '{'],
      ['a form in parts', 'multipart/form-data; boundary=x', '--x--'],
      ['a type that is none', ';;;', 'grant_type=password'],
      ['broken escapes', form, 'grant_type=%zz%&%=%'],
      ['a NUL', form, 'grant_type=password&username=a\0b&password=c'],
      ['an encoded NUL', form, 'grant_type=refresh_token&refresh_token=%00'],
      ['a line break in a scope', form, 'grant_type=password&username=a&password=b&scope=repository:a:pull%0d%0aX:1'],
      ['bytes that are no text', form, Buffer.from([0xff, 0xfe, 0x80])],
      ['half a character', form, 'grant_type=%ed%a0%80'],
      ['something compressed', form, Buffer.from([0x1f, 0x8b, 0x08])],
      ['a thousand scopes', form, `grant_type=password&${'scope=repository:a:pull&'.repeat(1_000)}`],
      ['a hundred thousand ampersands', form, '&'.repeat(60_000)],
    ])('are refused in the form of the registry API, whatever the body is: %s', async (_what, type, body) => {
      for (const path of ['/oauth2/token', '/oauth2/exchange']) {
        for (const [client, at] of [
          [region.https, registry.host],
          [region.http, 'localhost:5000'],
        ] as const) {
          const answer = await client.send({ host: at, path, method: 'POST', headers: { 'content-type': type }, body });
          expect([path, at, answer.status], answer.body.toString()).toEqual([
            path,
            at,
            expect.toSatisfy((s: number) => [400, 415].includes(s)),
          ]);
          expect(answer.json()).toEqual({ errors: [expect.objectContaining({ code: expect.any(String), message: expect.any(String) })] });
          expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
        }
      }
    });

    it('are refused with a sentence', async () => {
      expect((await token('service=other.example.com', admin())).status).toBe(400);
      expect((await token('scope=nonsense', admin())).status).toBe(400);
      expect((await post('/oauth2/token', { grant_type: 'magic' })).status).toBe(400);
      const json = await region.https.send({
        host: registry.host,
        path: '/oauth2/token',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect(json.status).toBe(415);
      const large = await region.https.send({ host: registry.host, path: '/oauth2/token', method: 'POST', body: 'x'.repeat(200_000) });
      expect(large.status).toBe(413);
      expect((await region.https.send({ host: registry.host, path: '/oauth2/token', method: 'DELETE' })).status).toBe(405);
      expect((await region.https.send({ host: registry.host, path: '/oauth2/else' })).status).toBe(404);
    });
  });
});
