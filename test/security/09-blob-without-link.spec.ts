import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer } from '../../apps/data-plane/test/http-client.js';
import { digestOf, Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';

let installation: Installation;
let region: TestRegion;
let owner: TestRegistry;
let stranger: TestRegistry;

beforeAll(async () => {
  installation = await Installation.create();
  owner = await installation.registry('blobowner');
  stranger = await installation.registry('blobstranger');
  region = await installation.start();
});
afterAll(() => installation?.destroy());

/** Every way to ask a repository for a blob that it does not link. */
async function ask(client: Pusher, repository: string, digest: string): Promise<Record<string, number>> {
  const path = client.path(repository, `blobs/${digest}`);
  const asked: [string, string, string, Record<string, string>][] = [
    ['GET', 'GET', path, {}],
    ['HEAD', 'HEAD', path, {}],
    ['a range', 'GET', path, { range: 'bytes=0-0' }],
    ['a condition that would hold', 'GET', path, { 'if-none-match': `"${digest}"` }],
    ['any condition', 'HEAD', path, { 'if-none-match': '*' }],
    ['as a manifest', 'GET', client.path(repository, `manifests/${digest}`), {}],
    ['DELETE', 'DELETE', path, {}],
  ];
  const statuses: Record<string, number> = {};
  for (const [what, method, at, headers] of asked) statuses[what] = (await client.send(method, at, headers)).status;
  return statuses;
}
const nothing = Object.fromEntries(
  ['GET', 'HEAD', 'a range', 'a condition that would hold', 'any condition', 'as a manifest', 'DELETE'].map((what) => [what, 404]),
);

// Small blobs lie in the index and in memory, large ones in the bucket.
describe.each([
  ['in the index', 500],
  ['in the bucket', 200_000],
])('A blob that lies %s', (_where, size) => {
  const bytes = randomBytes(size);
  const digest = digestOf(bytes);
  let client: Pusher;
  beforeAll(async () => {
    client = new Pusher(region.http, owner);
    await client.blob('private', bytes);
    await client.blob('other', Buffer.from('something else'));
    await client.send('GET', client.path('private', `blobs/${digest}`)); // In memory now.
  });

  it('is not there for another repository, nor for another registry, however it is asked for', async () => {
    const foreign = new Pusher(region.http, stranger);
    await foreign.blob('private', Buffer.from('of the same name'));
    expect(await ask(client, 'other', digest)).toEqual(nothing);
    expect(await ask(client, 'none', digest)).toEqual(nothing);
    expect(await ask(foreign, 'private', digest)).toEqual(nothing);
    expect((await client.send('GET', client.path('private', `blobs/${digest}`))).body.equals(bytes)).toBe(true);
  });

  it('is not mounted from a registry of somebody else, nor by a token that may not read the source', async () => {
    const foreign = new Pusher(region.http, stranger);
    for (const from of ['private', `${owner.name}/private`, `../${owner.name}/private`, `${owner.host}/private`]) {
      const mount = await foreign.send('POST', foreign.path('target', `blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`));
      expect(mount.status, from).not.toBe(201);
    }
    const { clientId, secret } = await installation.principal(['AcrPush', owner]);
    const scope = 'repository:target:pull,push';
    const token = await region.http.send({
      host: owner.host,
      path: `/oauth2/token?service=${owner.host}&scope=${scope}`,
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    });
    const limited = new Pusher(region.http, owner, 'host', bearer(token.json<{ access_token: string }>().access_token));
    expect((await limited.send('POST', limited.path('target', `blobs/uploads/?mount=${digest}&from=private`))).status).not.toBe(201);
    for (const at of [client, foreign]) expect((await at.send('GET', at.path('target', `blobs/${digest}`))).status).toBe(404);
  });

  it('is gone for a repository that lost it while another one keeps it', async () => {
    const text = client.path('losing', `blobs/${digest}`);
    await client.blob('losing', bytes);
    expect((await client.send('GET', text)).status).toBe(200);
    expect((await client.send('DELETE', text)).status).toBe(202);
    expect((await client.send('HEAD', client.path('private', `blobs/${digest}`))).status).toBe(200); // In memory by the other one.
    expect(await ask(client, 'losing', digest)).toEqual(nothing);
  });
});
