import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeyRing, Principals, PrincipalTokens, RoleAssignments } from '#lib/identity';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let subscription: string;

beforeAll(async () => {
  management = await TestManagement.start();
  subscription = `/subscriptions/${management.subscriptionId}`;
});
afterAll(() => management?.stop());

interface Answer {
  status: number;
  challenge: string | null;
  error: { code?: string; message?: string };
}

async function ask(path: string, authorization?: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(management.baseUrl + path, { method, ...(authorization && { headers: { authorization } }) });
  const body = (await response.json().catch(() => ({}))) as { error?: Answer['error'] };
  return { status: response.status, challenge: response.headers.get('www-authenticate'), error: body.error ?? {} };
}

const groups = (): string => `${subscription}/resourceGroups?api-version=2024-03-01`;
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

describe('without a token', () => {
  it('every route refuses, and says where tokens are', async () => {
    const { status, challenge, error } = await ask(groups());
    expect([status, error.code]).toEqual([401, 'AuthenticationFailed']);
    expect(error.message).toBe("Authentication failed. The 'Authorization' header is missing.");
    expect(challenge).toMatch(
      /^Bearer authorization_uri="https:\/\/localhost:8443\/organizations", error="invalid_token", error_description="/,
    );
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer  ', 'bearer a b', 'token'])('and with the header %j as well', async (header) => {
    const { status, challenge, error } = await ask(groups(), header);
    expect([status, error.code]).toEqual([401, 'AuthenticationFailed']);
    expect(challenge).toContain('authorization_uri=');
  });

  it('discovery and keys answer all the same', async () => {
    expect((await ask('/common/discovery/v2.0/keys')).status).toBe(200);
  });
});

describe('a token that is not good', () => {
  const refused = async (token: string): Promise<void> => {
    const { status, error, challenge } = await ask(groups(), `Bearer ${token}`);
    expect([status, error.code]).toEqual([401, 'InvalidAuthenticationToken']);
    expect(challenge).toContain('error="invalid_token"');
    expect(JSON.stringify(error)).not.toContain(token);
  };
  const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('is refused: rubbish', async () => {
    for (const token of ['x', 'a.b.c', `${'x'.repeat(7000)}`]) await refused(token);
  });

  it('is refused: alg none, a foreign key under our kid, a key brought along', async () => {
    const [head, body] = management.owner.token.split('.') as [string, string];
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
    await refused(`${b64({ alg: 'none' })}.${body}.`);
    await refused(`${b64({ ...header, alg: 'none' })}.${body}.AA`);
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const extra of [{}, { jwk: foreign.publicKey.export({ format: 'jwk' }) }, { jku: 'https://evil.example/keys' }]) {
      const input = `${b64({ ...header, ...extra })}.${body}`;
      const signature = sign('sha256', Buffer.from(input), { key: foreign.privateKey, dsaEncoding: 'ieee-p1363' });
      await refused(`${input}.${signature.toString('base64url')}`);
    }
  });

  it('is refused as soon as it has expired', async () => {
    const keys = management.app.get(KeyRing, { strict: false });
    const { iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...claims } = claimsOf(management.owner.token);
    const signed = (expiresInSeconds: number) => keys.sign(claims as { iss: string; sub: string; aud: string }, { expiresInSeconds });
    expect((await ask(groups(), `Bearer ${signed(60)}`)).status).toBe(200);
    const token = signed(1);
    await expect.poll(async () => (await ask(groups(), `Bearer ${token}`)).status).toBe(401);
    await refused(token);
  });

  it('is refused: for another audience, from another issuer, for nobody', async () => {
    const keys = management.app.get(KeyRing, { strict: false });
    const { iat: _iat, nbf: _nbf, exp: _exp, jti: _jti, ...good } = claimsOf(management.owner.token);
    const odd = [
      { aud: 'https://containerregistry.azure.net' },
      { aud: 'https://localhost:8443.evil.example' },
      { aud: 'myreg.localhost:5443' },
      { iss: 'Azure Container Registry' },
      { iss: `https://localhost:8443/${randomUUID()}/v2.0` },
      { oid: undefined },
      { oid: randomUUID() },
      { oid: ['x'] },
      { tid: undefined },
      { tid: 7 },
      { appid: null },
      { idtyp: 'user' },
      { idtyp: undefined },
    ];
    for (const change of odd) {
      const claims = { ...good, ...change } as unknown as { iss: string; sub: string; aud: string };
      await refused(keys.sign(claims, { expiresInSeconds: 60 }));
    }
    expect((await ask(groups(), `Bearer ${management.owner.token}`)).status).toBe(200);
  });

  it('is refused once its key has been revoked, remembered or not; a new one is good', async () => {
    const keys = management.app.get(KeyRing, { strict: false });
    const tokens = management.app.get(PrincipalTokens, { strict: false });
    const { principal } = await management.app
      .get(Principals, { strict: false })
      .create({ tenantId: management.tenantId, displayName: 'x' });
    await management.app.get(RoleAssignments, { strict: false }).assign(principal.id, 'Reader', subscription);
    const before = tokens.issue(principal, 'https://localhost:8443').token;
    expect((await ask(groups(), `Bearer ${before}`)).status).toBe(200);
    await keys.rotate({ revoke: true });
    await refused(before);
    expect((await ask(groups(), `Bearer ${tokens.issue(principal, 'https://localhost:8443').token}`)).status).toBe(200);
    // The owner of the other tests lives on with a token of the new key.
    const { oid, appid, tid } = claimsOf(management.owner.token) as { oid: string; appid: string; tid: string };
    management.owner.token = tokens.issue({ id: oid, clientId: appid, tenantId: tid }, 'https://localhost:8443').token;
  });
});

describe('a caller with a good token', () => {
  it.each(['https://localhost:8443', 'https://localhost:8443/', 'https://management.azure.com/', 'https://management.core.windows.net/'])(
    'may have asked for it as %s',
    async (audience) => {
      const { oid, appid, tid } = claimsOf(management.owner.token) as { oid: string; appid: string; tid: string };
      const { token } = management.app.get(PrincipalTokens, { strict: false }).issue({ id: oid, clientId: appid, tenantId: tid }, audience);
      expect((await ask(groups(), `Bearer ${token}`)).status).toBe(200);
      expect((await ask(groups(), `bearer ${token}`)).status).toBe(200);
    },
  );

  it('and a role elsewhere in the subscription is told what right is missing, where', async () => {
    const group = `${subscription}/resourceGroups/team`;
    const { token, principalId } = await management.caller({ role: 'Reader', scope: group });
    const { status, error } = await ask(groups(), `Bearer ${token}`);
    expect([status, error.code]).toEqual([403, 'AuthorizationFailed']);
    expect(error.message).toMatch(
      new RegExp(
        `^The client '[0-9a-f-]{36}' with object id '${principalId}' does not have authorization to perform action ` +
          `'Microsoft.Resources/subscriptions/resourceGroups/read' over scope '${subscription}' or the scope is invalid\\. ` +
          'If access was recently granted, please refresh your credentials\\.$',
      ),
    );
    expect((await ask(`${group}?api-version=2024-03-01`, `Bearer ${token}`, 'DELETE')).status).toBe(403);
    expect((await ask(`${group}?api-version=2024-03-01`, `Bearer ${token}`)).status).toBe(404);
    expect((await ask(`${subscription}?api-version=2022-12-01`, `Bearer ${token}`)).status).toBe(200);
  });

  it('and no role learns nothing of the subscription, not even that it exists', async () => {
    const { token } = await management.caller();
    const stranger = `/subscriptions/${randomUUID()}`;
    for (const [path, version] of [
      ['', '2022-12-01'],
      ['/locations', '2022-12-01'],
      ['/resourceGroups', '2024-03-01'],
      ['/resourceGroups/team', '2024-03-01'],
    ]) {
      const there = await ask(`${subscription}${path}?api-version=${version}`, `Bearer ${token}`);
      const nowhere = await ask(`${stranger}${path}?api-version=${version}`, `Bearer ${token}`);
      expect([there.status, there.error.code]).toEqual([404, 'SubscriptionNotFound']);
      expect(nowhere.error.message?.replace(stranger.split('/')[2]!, 'X')).toBe(
        there.error.message?.replace(management.subscriptionId, 'X'),
      );
    }
    expect((await ask('/subscriptions?api-version=2022-12-01', `Bearer ${token}`)).status).toBe(200);
  });

  it('and a subscription id that is none is told so', async () => {
    const { status, error } = await ask('/subscriptions/mine/resourceGroups?api-version=2024-03-01', `Bearer ${management.owner.token}`);
    expect([status, error.code]).toEqual([400, 'InvalidSubscriptionId']);
  });

  it('loses every right at once when it is disabled, and its token opens nothing', async () => {
    const { token, principalId } = await management.caller({ role: 'Reader', scope: subscription });
    expect((await ask(groups(), `Bearer ${token}`)).status).toBe(200);
    await management.app.get(Principals, { strict: false }).update(principalId, { enabled: false });
    await expect.poll(async () => (await ask(groups(), `Bearer ${token}`)).status).toBe(404);
  });
});
