import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, bearer, type Received } from './http-client.js';
import { Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

interface Tokens {
  access_token: string;
  refresh_token: string;
}

/** The parameters of the challenge of a 401. */
const challengeOf = ({ status, headers }: Received) => {
  const text = headers['www-authenticate'] ?? '';
  return { status, ...Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])) };
};

describe.each(['host', 'path'] as const)('A mount from another repository (%s style)', (style) => {
  let installation: Installation;
  let region: TestRegion;
  let registry: TestRegistry;
  let owner: Pusher;
  let principal: Awaited<ReturnType<Installation['principal']>>;
  let digest: string;
  let [source, target, both] = ['', '', ''];

  beforeAll(async () => {
    installation = await Installation.create();
    registry = await installation.registry('mounts');
    region = await installation.start();
    owner = new Pusher(region.https, registry, style);
    principal = await installation.principal(['AcrPush', registry]);
    digest = await owner.blob('source', randomBytes(100_000));
    source = `repository:${owner.prefix}source:pull`;
    target = `repository:${owner.prefix}target:pull,push`;
    both = `${target} ${source}`;
  });
  afterAll(() => installation?.destroy());

  const as = (headers: Record<string, string>) => new Pusher(region.https, registry, style, headers);
  const mount = (client: Pusher, from = `${owner.prefix}source`, into = 'target') =>
    client.send('POST', client.path(into, `blobs/uploads/?mount=${digest}&from=${from}`));
  /** A token by GET with Basic, as docker and containerd ask for it: one `scope` for each. */
  const token = async (scopes: string, { clientId, secret } = principal) => {
    const query = scopes.split(' ').map((scope) => `&scope=${scope}`);
    const answer = await as(basic(clientId, secret)).send('GET', `/oauth2/token?client_id=docker${query.join('')}`);
    return bearer(answer.json<Tokens>().access_token);
  };

  it('is challenged for both repositories, so that who answers word for word can make it', async () => {
    expect(challengeOf(await mount(as({})))).toMatchObject({ status: 401, scope: both });
    expect(challengeOf(await mount(as({})))).not.toHaveProperty('error');
    expect(challengeOf(await mount(as(bearer('nonsense'))))).toMatchObject({ status: 401, scope: both, error: 'invalid_token' });
    const read = await token(`repository:${owner.prefix}target:pull ${source}`);
    expect(challengeOf(await mount(as(read)))).toMatchObject({ status: 401, scope: both, error: 'insufficient_scope' });
  });

  it('is made by docker, which asks for both scopes before it is told', async () => {
    const client = as(await token(both));
    expect((await client.send('HEAD', client.path('target', `blobs/${digest}`))).status).toBe(404);
    expect((await mount(client)).status).toBe(201);
  });

  it('is made by containerd, which answers the challenge once, and uploads where it is refused again', async () => {
    const client = as(await token(target));
    const refused = challengeOf(await mount(client));
    expect(refused).toMatchObject({ status: 401, scope: both, error: 'insufficient_scope' });
    expect((await mount(as(await token(both)))).status).toBe(201);
    expect((await client.send('POST', client.path('target', 'blobs/uploads/'))).status).toBe(202);
  });

  it('is made by the Azure SDK, which sends the scope of the challenge as it is, with a refresh token', async () => {
    const { token: aad } = installation.principalTokens.issue(principal, 'https://containerregistry.azure.net');
    const post = (path: string, form: Record<string, string>) =>
      as({}).send('POST', path, { 'content-type': 'application/x-www-form-urlencoded' }, new URLSearchParams(form).toString());
    const { service, scope } = challengeOf(await mount(as({}))) as Record<string, string>;
    const exchanged = await post('/oauth2/exchange', { grant_type: 'access_token', service: service!, access_token: aad });
    const refresh = exchanged.json<Tokens>().refresh_token;
    const form = { grant_type: 'refresh_token', service: service!, scope: scope!, refresh_token: refresh };
    const { access_token } = (await post('/oauth2/token', form)).json<Tokens>();
    expect((await mount(as(bearer(access_token)))).status).toBe(201);
  });

  it('is an upload at once to those whom no token would let read there', async () => {
    const other = await installation.principal();
    const { assignment } = await installation.roles.assign(other.id, 'AcrPush', registry.resourceId);
    const headers = await token(target, other);
    expect((await mount(as(headers))).status).toBe(401);
    await installation.roles.unassign(assignment.id);
    await expect.poll(async () => (await mount(as(headers))).status).toBe(202);
  });

  it('is an upload at once where the source is none: the target, another registry, no name at all', async () => {
    const client = as(await token(target));
    const foreign = style === 'path' ? ['otherreg/source', 'source'] : [];
    for (const from of [`${owner.prefix}UPPER`, `${owner.prefix}a"b`, owner.prefix, ...foreign]) {
      expect(challengeOf(await mount(as({}), encodeURIComponent(from))), from).toMatchObject({ status: 401, scope: target });
      expect((await mount(client, encodeURIComponent(from))).status, from).toBe(202);
    }
    expect(challengeOf(await mount(as({}), `${owner.prefix}empty`, 'empty'))).toMatchObject({
      scope: `repository:${owner.prefix}empty:pull,push`,
    });
  });

  it('needs no second look with a password: rights are known', async () => {
    expect((await mount(owner)).status).toBe(201);
    expect((await mount(as(basic(principal.clientId, principal.secret)))).status).toBe(201);
  });
});
