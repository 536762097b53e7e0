import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManagementRoutes, type FilledRoute } from '../support/management-routes.js';

let routes: ManagementRoutes;
let all: FilledRoute[];
/** What the plain form is answered. */
const plain: { route: FilledRoute; who: string; token: string | undefined; status: number }[] = [];

beforeAll(async () => {
  routes = await ManagementRoutes.start();
  await routes.management.group('targets');
  all = routes
    .guarded({ subscriptionId: routes.management.subscriptionId, group: 'targets', registry: 'targetreg' })
    .filter(({ access }) => access?.kind === 'requires');
  const scope = `/subscriptions/${routes.management.subscriptionId}/resourceGroups/targets`;
  const callers = {
    nobody: undefined,
    'a caller without a role': (await routes.management.caller()).token,
    'a Reader of the group': (await routes.management.caller({ role: 'Reader', scope })).token,
  };
  for (const route of all) {
    for (const [who, token] of Object.entries(callers)) plain.push({ route, who, token, status: (await routes.send(route, token)).status });
  }
});
afterAll(() => routes?.management.stop());

const encodedLetters = (target: string): string =>
  target.replace(/[a-z]{6,}/i, (word) => `%${word.charCodeAt(0).toString(16)}${word.slice(1)}`);

/** Other ways to write a target. */
const ways: Readonly<Record<string, (target: string) => string>> = {
  'absolute form': (target) => `http://any.example${target}`,
  'absolute form of https': (target) => `https://any.example:4443${target}`,
  'absolute form in capitals': (target) => `HTTPS://ANY.EXAMPLE${target}`,
  'absolute form with user information': (target) => `http://user:secret@any.example${target}`,
  'two slashes everywhere': (target) => target.replace(/^[^?]*/, (path) => path.replaceAll('/', '//')),
  'absolute form with two slashes': (target) => `http://any.example/${target}`,
  'percent-encoded letters': encodedLetters,
  'other casing': (target) => target.replace(/^[^?]*/, (path) => path.toUpperCase()),
};

/** A target that says something else than the plain form, or nothing, and how it is refused whoever asks. */
const odd: Readonly<Record<string, { status: number; write: (target: string) => string }>> = {
  'a dot segment': { status: 400, write: (target) => target.replace(/^\/subscriptions\//, '/subscriptions/./') },
  'two dots': { status: 400, write: (target) => target.replace(/^\/subscriptions\//, '/subscriptions/x/../') },
  'encoded dots': { status: 400, write: (target) => target.replace(/^\/subscriptions\//, '/subscriptions/x/%2e%2E/') },
  'an encoded slash': { status: 400, write: (target) => target.replace(/^\/subscriptions\//, '/subscriptions%2F') },
  'another scheme': { status: 404, write: (target) => `ftp://any.example${target}` },
};

describe('A request target written in another way', () => {
  it.each(Object.keys(ways))('opens no more and no less than its plain form: %s', async (way) => {
    const different: string[] = [];
    for (const { route, who, token, status } of plain) {
      const other = await routes.send({ method: route.method, target: ways[way]!(route.target) }, token);
      if (status !== other.status) different.push(`${route.method} ${route.url} by ${who}: ${status}, then ${other.status}`);
    }
    expect(different).toEqual([]);
  });

  it.each(Object.entries(odd))('is refused when it can be read in two ways: %s', async (_way, { status: refusal, write }) => {
    const answered: string[] = [];
    for (const route of all) {
      const { status } = await routes.send({ method: route.method, target: write(route.target) }, routes.management.owner.token);
      if (status !== refusal) answered.push(`${route.method} ${route.url}: ${status}`);
    }
    expect(answered).toEqual([]);
  });
});
