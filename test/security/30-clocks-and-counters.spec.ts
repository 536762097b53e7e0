import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeyRing, Principals, PrincipalTokens } from '#lib/identity';
import { Broadcast, SecretBox } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { RegistryTokens } from '../../apps/data-plane/src/tokens/registry-tokens.js';
import { basic } from '../../apps/data-plane/test/http-client.js';
import { Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { claimsOf } from '../support/token-doors.js';

/** A day after the last second that a signed 32-bit number holds. */
const afterTheEpoch = Date.parse('2038-01-20T00:00:00Z');
const beyond32Bits = 2 ** 31;

describe('On 2038-01-20', () => {
  let db: TestDatabase;
  let broadcast: Broadcast;
  let keys: KeyRing;
  let clock = afterTheEpoch;

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: afterTheEpoch });
    db = await testDatabase();
    broadcast = new Broadcast({ url: db.url, applicationName: 'spec' });
    const secrets = new SecretBox(Buffer.alloc(32, 5).toString('base64'));
    keys = new KeyRing({ dataSource: db.dataSource, secrets, broadcast, now: () => clock });
    await keys.start();
  });
  afterAll(async () => {
    vi.useRealTimers();
    await keys.close();
    await broadcast.close();
    await db.drop();
  });

  it('tokens of every kind are issued and read, and end when they should', () => {
    const principal = { id: '11111111-1111-4111-8111-111111111111', clientId: '22222222-2222-4222-8222-222222222222' };
    const tenantId = '33333333-3333-4333-8333-333333333333';
    const now = () => clock;
    const principalTokens = new PrincipalTokens({ keys, authority: 'https://localhost', now });
    const registryTokens = new RegistryTokens(keys);
    const subject = { kind: 'principal', principalId: principal.id, tenantId, via: 'secret' } as const;
    const about = { subject, audience: 'reg.localhost', registries: [] };
    const { token } = principalTokens.issue({ ...principal, tenantId }, 'https://audience');
    const access = registryTokens.issueAccess({ ...about, access: [] });
    const refresh = registryTokens.issueRefresh(about);
    const read = [
      () => principalTokens.bearer(token, ['https://audience']),
      () => registryTokens.readAccess(access),
      () => registryTokens.readRefresh(refresh, 'reg.localhost'),
    ];
    for (const reading of read) expect(reading).not.toThrow();
    for (const one of [token, access, refresh]) expect(claimsOf(one)['exp']).toBeGreaterThan(beyond32Bits);
    clock += 4 * 3600 * 1000;
    vi.setSystemTime(clock);
    for (const reading of read) expect(reading).toThrow(/expired/);
  });

  it('keys are rotated on their schedule, and what the old one signed still holds', async () => {
    const signed = keys.sign({ iss: 'us', sub: 'me', aud: 'you' }, { expiresInSeconds: 86_400 });
    const known = keys.jwks().keys.length;
    clock += 3600 * 1000;
    await keys.rotate();
    expect(keys.jwks().keys.length).toBe(known + 1);
    expect(keys.verify(signed)).toMatchObject({ sub: 'me' });
  });

  it('a secret is good until it expires', async () => {
    const principals = new Principals({ dataSource: db.dataSource, broadcast, now: () => clock });
    const tenantId = '33333333-3333-4333-8333-333333333333';
    const { principal, secret } = await principals.create({ tenantId, displayName: 'late' });
    expect(await principals.checkSecret(principal.clientId, secret, '192.0.2.1')).toMatchObject({ id: principal.id });
    clock += 30 * 365 * 86_400_000;
    vi.setSystemTime(clock);
    const later = new Principals({ dataSource: db.dataSource, broadcast, now: () => clock });
    expect(await later.checkSecret(principal.clientId, secret, '192.0.2.1')).toBeNull();
  });
});

describe('With ids and versions beyond 2^31', () => {
  let installation: Installation;
  let region: TestRegion;
  let registry: TestRegistry;
  let counted = 0;

  beforeAll(async () => {
    installation = await Installation.create();
    const { dataSource } = installation.database;
    // The sequence of the table of migrations counts files.
    const sequences = await dataSource.query<{ name: string }[]>(
      `SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences WHERE schemaname <> 'pg_catalog' AND sequencename <> 'migrations_id_seq'`,
    );
    counted = sequences.length;
    for (const { name } of sequences) await dataSource.query('SELECT setval($1::regclass, $2)', [name, beyond32Bits + 10]);
    region = await installation.start();
    registry = await installation.registry('manyids');
  });
  afterAll(() => installation.destroy());

  it('images are pushed, pulled, listed and deleted', async () => {
    expect(counted).toBeGreaterThan(1);
    const pusher = new Pusher(region.https, registry);
    const images = [await pusher.image('one', 'a'), await pusher.image('two', 'a')];
    for (const [index, repository] of ['one', 'two'].entries()) {
      const answer = await pusher.send('GET', pusher.path(repository, 'manifests/a'));
      expect([answer.status, answer.headers['docker-content-digest']]).toEqual([200, images[index]!.digest]);
      expect((await pusher.send('GET', pusher.path(repository, `blobs/${images[index]!.layer}`))).status).toBe(200);
    }
    expect((await pusher.send('GET', '/v2/_catalog')).json()).toEqual({ repositories: ['one', 'two'] });
    expect((await pusher.send('DELETE', pusher.path('one', `manifests/${images[0]!.digest}`))).status).toBe(202);
    expect((await pusher.send('GET', pusher.path('one', 'manifests/a'))).status).toBe(404);
    expect((await pusher.send('GET', pusher.path('two', 'manifests/a'))).status).toBe(200);
  });

  it('an upload in pieces is taken up where it was', async () => {
    const pusher = new Pusher(region.https, registry);
    const location = await pusher.start('one');
    const patched = await pusher.send('PATCH', location, { 'content-type': 'application/octet-stream', 'content-length': '3' }, 'abc');
    expect([patched.status, patched.headers.range]).toEqual([202, '0-2']);
    expect((await pusher.send('GET', patched.headers.location!)).headers.range).toBe('0-2');
  });

  it('a role holds, and is found', async () => {
    const principal = await installation.principal(['AcrPull', registry]);
    const headers = basic(principal.clientId, principal.secret);
    expect((await region.https.send({ host: registry.host, path: '/v2/two/manifests/a', headers })).status).toBe(200);
  });
});
