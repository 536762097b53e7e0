import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, bearer, type HttpClient, type Received } from './http-client.js';
import { Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

const pathHost = 'localhost:5000';

/** Numbers that look random and are the same in every run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const types = ['repository', 'registry', 'repository(plugin)', 'registry(catalog)', 'repositories'];
const names = [
  '*',
  '**',
  '*/*',
  'app',
  'mineone/app',
  'MINEONE/app',
  'mineone/*',
  'mineone/',
  '/app',
  '//',
  'theirs/app',
  'theirs/*',
  'theirs',
];
names.push(
  'mineone/../theirs/app',
  'mineone%2Fapp',
  'theirs%2fapp',
  'mineone//app',
  'catalog',
  'mineone/catalog',
  'theirs/catalog',
  'x/catalog',
);
names.push(
  'deleted_catalog',
  'mineone/app/*',
  'app/*',
  'a:5000/app',
  'mineone:5000/theirs/app',
  'theirs/app:pull',
  'mineone/app,theirs/app',
  '.',
);
const actions = [
  'pull',
  'push',
  'delete',
  '*',
  'pull,push',
  '*,pull',
  'push,*',
  'metadata_read',
  'pull,pull,pull',
  ',',
  '',
  'catalog',
  'deleted_read',
];

describe('a token', () => {
  let installation: Installation;
  let region: TestRegion;
  let mine: TestRegistry;
  let theirs: TestRegistry;
  let puller: Record<string, string>;

  beforeAll(async () => {
    installation = await Installation.create();
    region = await installation.start();
    mine = await installation.registry('mineone');
    theirs = await installation.registry('theirs');
    for (const registry of [mine, theirs]) await new Pusher(region.https, registry).image('app', 'v1');
    const { clientId, secret } = await installation.principal(['AcrPull', mine]);
    puller = basic(clientId, secret);
  });
  afterAll(() => installation.destroy());

  const ask = (host: string, scopes: string[], headers: Record<string, string>): Promise<Received> => {
    const client: HttpClient = host === pathHost ? region.http : region.https;
    const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
    return client.send({ host, path: `/oauth2/token?${query}`, headers });
  };

  /** What the principal may never do, whatever its token says. */
  const forbidden = (): [string, string, string][] => {
    const content = (prefix: string) => [
      ['PUT', `/v2/${prefix}app/manifests/v2`],
      ['DELETE', `/v2/${prefix}app/manifests/v1`],
      ['POST', `/v2/${prefix}app/blobs/uploads/`],
    ];
    const reading = (prefix: string) => [
      ['GET', `/v2/${prefix}app/manifests/v1`],
      ['GET', `/v2/${prefix}app/tags/list`],
      ['GET', `/v2/${prefix}_catalog`],
    ];
    const at = (host: string, list: string[][]) => list.map(([method, path]) => [host, method, path] as [string, string, string]);
    return [
      ...at(mine.host, content('')),
      ...at(pathHost, content('mineone/')),
      ...at(theirs.host, [...content(''), ...reading('')]),
      ...at(pathHost, [
        ...content('theirs/'),
        ...reading('theirs/'),
        ...reading('THEIRS/'),
        ['GET', '/v2/mineone/../theirs/app/tags/list'],
      ]),
      ...at(pathHost, [
        ['GET', '/v2/theirs%2Fapp/tags/list'],
        ['GET', '/v2/mineone%2F..%2Ftheirs/app/tags/list'],
      ]),
    ];
  };

  it.each([['mineone.localhost:5443'], [pathHost]])(
    'opens nothing but what its principal may, whatever scopes it was asked with at %s',
    async (host) => {
      const roll = dice(7);
      const pick = (list: readonly string[]) => list[roll(list.length)]!;
      const opened: string[] = [];
      for (let round = 0; round < 20; round += 1) {
        const scopes = Array.from({ length: 1 + roll(9) }, () => `${pick(types)}:${pick(names)}:${pick(actions)}`);
        if (round % 10 === 0)
          scopes.push(...names.slice(0, 9).map((name) => `repository:${name}:*`), ...names.slice(0, 9).map((name) => `registry:${name}:*`));
        const answer = await ask(host, scopes, puller);
        expect([200, 400]).toContain(answer.status);
        if (answer.status !== 200) continue;
        const token = bearer(answer.json<{ access_token: string }>().access_token);
        const all = forbidden();
        const answers = await Promise.all(
          all.map(([at, method, path]) => (at === pathHost ? region.http : region.https).send({ host: at, method, path, headers: token })),
        );
        for (const [index, { status }] of answers.entries())
          if (![400, 401, 404].includes(status) || (status === 404 && !all[index]![2].includes('..')))
            opened.push(`${scopes.join(' ')}: ${all[index]!.join(' ')}: ${status}`);
      }
      expect(opened).toEqual([]);
    },
  );

  it('names few registries, so that one request does not look for a hundred', async () => {
    const scopes = (count: number) => Array.from({ length: count }, (_, at) => `repository:madeup${at}/app:pull`);
    expect((await ask(pathHost, scopes(100), {})).status).toBe(400);
    expect((await ask(pathHost, scopes(100), puller)).status).toBe(400);
    const same = Array.from({ length: 100 }, (_, at) => `repository:mineone/app${at}:pull`);
    expect((await ask(pathHost, same, puller)).status).toBe(200);
  });

  it('is as short as it must be to be presented again, or is not given', async () => {
    const long = (count: number) => Array.from({ length: count }, (_, at) => `repository:${'a'.repeat(150)}${at}:pull`);
    for (const count of [1, 30, 60]) {
      const form = new URLSearchParams({
        grant_type: 'password',
        username: mine.name,
        password: mine.passwords[0],
        scope: long(count).join(' '),
      });
      const answer = await region.https.send({
        host: mine.host,
        path: '/oauth2/token',
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
      });
      if (answer.status === 200) {
        const token = bearer(answer.json<{ access_token: string }>().access_token);
        const path = `/v2/${'a'.repeat(150)}${count - 1}/tags/list`;
        expect((await region.https.send({ host: mine.host, path, headers: token })).status).toBe(404);
      } else {
        expect([count, answer.status, answer.code()]).toEqual([60, 400, 'UNSUPPORTED']);
      }
    }
  });
});
