import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methodsOf } from '../../apps/data-plane/src/edge/verbs.js';
import { operations } from '../../apps/data-plane/src/v2/operations.js';
import { basic, bearer, type Received } from '../../apps/data-plane/test/http-client.js';
import { digestOf, ociManifest, Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';
import { policies, type PolicyName } from '../support/policies.js';

/** Every policy about callers that may write, and which of them it keeps out. */
const refusedBy: Record<Exclude<PolicyName, 'anonymouspull'>, 'everybody' | 'admin' | 'arm token'> = {
  networkrules: 'everybody',
  publicaccess: 'everybody',
  adminaccount: 'admin',
  armtokens: 'arm token',
};

interface Request {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What the requests are about: an image, a blob beside it, and an upload under way. */
interface Content {
  manifest: { text: string; digest: string };
  blob: string;
  upload: string;
}

/** A request for every row of the table of operations; a row without one fails the test below. */
const requests: Record<keyof typeof operations, (content: Content) => Record<string, Omit<Request, 'method'>[]>> = {
  manifest: ({ manifest }) => ({
    GET: [{ path: '/v2/app/manifests/one' }, { path: `/v2/app/manifests/${manifest.digest}` }],
    HEAD: [{ path: '/v2/app/manifests/one' }],
    PUT: [
      { path: '/v2/app/manifests/two', headers: { 'content-type': ociManifest }, body: manifest.text },
      { path: `/v2/app/manifests/${manifest.digest}`, headers: { 'content-type': ociManifest }, body: manifest.text },
    ],
    DELETE: [{ path: '/v2/app/manifests/one' }, { path: `/v2/app/manifests/${manifest.digest}` }],
  }),
  blob: ({ blob }) => ({
    GET: [{ path: `/v2/app/blobs/${blob}` }],
    HEAD: [{ path: `/v2/app/blobs/${blob}` }],
    DELETE: [{ path: `/v2/app/blobs/${blob}` }],
  }),
  uploads: ({ blob }) => ({
    POST: [
      { path: '/v2/new/blobs/uploads/' },
      { path: `/v2/new/blobs/uploads/?mount=${blob}&from=app` },
      { path: `/v2/new/blobs/uploads/?digest=${digestOf('whole')}`, headers: { 'content-length': '5' }, body: 'whole' },
    ],
  }),
  upload: ({ upload }) => ({
    GET: [{ path: upload }],
    HEAD: [{ path: upload }],
    PATCH: [{ path: upload, headers: { 'content-type': 'application/octet-stream', 'content-length': '3' }, body: 'abc' }],
    PUT: [{ path: `${upload}${upload.includes('?') ? '&' : '?'}digest=${digestOf('abc')}`, headers: { 'content-length': '0' } }],
    DELETE: [{ path: upload }],
  }),
  tags: () => ({ GET: [{ path: '/v2/app/tags/list' }], HEAD: [{ path: '/v2/app/tags/list' }] }),
  referrers: ({ manifest }) => ({
    GET: [{ path: `/v2/app/referrers/${manifest.digest}` }],
    HEAD: [{ path: `/v2/app/referrers/${manifest.digest}` }],
  }),
};

let installation: Installation;
let region: TestRegion;
beforeAll(async () => {
  installation = await Installation.create();
  region = await installation.start();
});
afterAll(() => installation.destroy());

it('Every operation of the registry API has its requests here', () => {
  const content = { manifest: { text: '', digest: '' }, blob: '', upload: '' };
  for (const [kind, byVerb] of Object.entries(operations))
    expect([kind, Object.keys(requests[kind as keyof typeof operations](content)).sort()]).toEqual([
      kind,
      methodsOf(Object.keys(byVerb)).sort(),
    ]);
});

describe.each(Object.keys(refusedBy) as (keyof typeof refusedBy)[])('The policy %s', (name) => {
  const refuses = refusedBy[name];
  let registry: TestRegistry;
  let content: Content;
  /** Credentials by which everything could be done before: as they are, and as a token made from them. */
  let kept: Record<string, Record<string, string>>;
  let others: Record<string, string>;

  const send = (headers: Record<string, string>, request: Request): Promise<Received> =>
    region.https.send({ host: registry.host, ...request, headers: { ...headers, ...request.headers } });
  const accessOf = (answer: Received) => bearer(answer.json<{ access_token: string }>().access_token);

  beforeAll(async () => {
    registry = await installation.registry(name);
    const admin = basic(registry.name, registry.passwords[0]);
    const principal = await installation.principal(['AcrPush', registry], ['AcrDelete', registry]);
    const secret = basic(principal.clientId, principal.secret);
    const scope = ['app', 'new'].map((repository) => `scope=repository:${repository}:*`).join('&');
    const withSecret = { method: 'GET', path: `/oauth2/token?${scope}&scope=registry:catalog:*` };
    const post = (path: string, fields: Record<string, string>) => region.https.postForm({ host: registry.host, path }, fields);
    const arm = installation.principalTokens.issue(principal, 'https://management.azure.com').token;
    const exchanged = await post('/oauth2/exchange', { grant_type: 'access_token', access_token: arm });
    const refresh = exchanged.json<{ refresh_token: string }>().refresh_token;
    const wanted = 'repository:app:* repository:new:* registry:catalog:*';
    const byArm = await post('/oauth2/token', { grant_type: 'refresh_token', scope: wanted, refresh_token: refresh });
    const every: Record<string, Record<string, Record<string, string>>> = {
      admin: { password: admin, token: accessOf(await send(admin, withSecret)) },
      principal: { secret, token: accessOf(await send(secret, withSecret)) },
      'arm token': { refresh: basic('00000000-0000-0000-0000-000000000000', refresh), token: accessOf(byArm) },
    };
    kept = Object.assign(
      {},
      ...Object.keys(every).flatMap((who) => (refuses === 'everybody' || refuses === who ? prefixed(who, every[who]!) : [])),
    );
    others = every['principal']!['token']!;

    const pusher = new Pusher(region.https, registry, 'host', secret);
    const manifest = await pusher.image('app', 'one');
    content = { manifest, blob: await pusher.blob('app', randomBytes(100)), upload: await pusher.start('app') };
  });

  it('refuses every reading and every changing request, and nothing has changed', async () => {
    const { settings: before } = registry.row;
    await installation.change(registry, { settings: { ...before, ...policies[name](before) } });
    const first = Object.values(kept)[0]!;
    await expect.poll(async () => (await send(first, { method: 'GET', path: '/v2/' })).status).not.toBe(200);
    const held: string[] = [];
    for (const [who, headers] of Object.entries(kept)) {
      for (const request of everything(content)) {
        const { status } = await send(headers, request);
        // A password that is refused again and again is refused as that.
        const refused = refuses === 'everybody' ? status === 403 : [401, 429].includes(status);
        if (!refused) held.push(`${who}: ${request.method} ${request.path}: ${status}`);
      }
    }
    expect(held).toEqual([]);

    await installation.change(registry, { settings: before });
    await expect.poll(async () => (await send(others, { method: 'GET', path: '/v2/' })).status).toBe(200);
    const states = [
      { method: 'GET', path: `/v2/app/manifests/${content.manifest.digest}` },
      { method: 'GET', path: `/v2/app/blobs/${content.blob}` },
      { method: 'GET', path: '/v2/app/manifests/two' },
      { method: 'GET', path: `/v2/new/blobs/${content.blob}` },
      { method: 'GET', path: `/v2/new/blobs/${digestOf('whole')}` },
    ];
    expect(await Promise.all(states.map(async (request) => (await send(others, request)).status))).toEqual([200, 200, 404, 404, 404]);
    expect((await send(others, { method: 'GET', path: '/v2/app/tags/list' })).json()).toMatchObject({ tags: ['one'] });
  });
});

function prefixed(who: string, headers: Record<string, Record<string, string>>): Record<string, Record<string, string>>[] {
  return [Object.fromEntries(Object.entries(headers).map(([kind, value]) => [`${who}, ${kind}`, value]))];
}

function everything(content: Content): Request[] {
  const found: Request[] = [
    { method: 'GET', path: '/v2/' },
    { method: 'GET', path: '/v2/_catalog' },
  ];
  for (const kind of Object.keys(requests) as (keyof typeof operations)[]) {
    for (const [method, list] of Object.entries(requests[kind](content))) found.push(...list.map((request) => ({ method, ...request })));
  }
  return found;
}
