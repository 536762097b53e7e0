import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, ManagementRoutes, type FilledRoute } from '../support/management-routes.js';
import { rawRequest } from '../../apps/management-api/src/testing/raw-request.js';

let routes: ManagementRoutes;
let writes: FilledRoute[];

beforeAll(async () => {
  routes = await ManagementRoutes.start();
  writes = routes
    .guarded({ subscriptionId: routes.management.subscriptionId, group: 'before', registry: 'beforereg' })
    .filter(({ method }) => ['PUT', 'POST', 'PATCH'].includes(method));
});
afterAll(() => routes?.management.stop());

// No byte of a body is ever sent: an answer proves that none was waited for.
const announce = (method: string, target: string, length: number, type: string, ...more: string[]) =>
  rawRequest(routes.management.baseUrl, [`${method} ${target}`, `Content-Type: ${type}`, `Content-Length: ${length}`, ...more]);

describe('A body that nobody sends', () => {
  it.each([
    ['nothing', []],
    ['Basic credentials', ['Authorization: Basic YTpi']],
    ['a token of a stranger', ['Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA']],
  ] as const)('is not waited for on any route when the head carries %s', async (_what, headers) => {
    expect(writes.length).toBeGreaterThan(8);
    for (const { method, target, url } of writes) {
      const answer = await announce(method, target, 4 * 1024 * 1024, 'application/json', ...headers);
      expect([url, answer.status]).toEqual([url, 401]);
    }
  });

  it('is not waited for in chunks either', async () => {
    const lines = (target: string) => [`PUT ${target}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked'];
    const { target } = writes.find(({ method }) => method === 'PUT')!;
    expect((await rawRequest(routes.management.baseUrl, lines(target))).status).toBe(401);
  });

  it('is refused by its announced length, also where everybody may ask', async () => {
    const { token } = routes.management.owner;
    for (const { method, target, url } of writes) {
      const { status, body } = await announce(method, target, 256 * 1024 + 1, 'application/json', `Authorization: Bearer ${token}`);
      expect([url, status, codeOf(body)]).toEqual([url, 413, 'RequestEntityTooLarge']);
    }
    const forms = routes.routes.filter(({ method, access }) => method === 'POST' && access?.kind === 'public');
    expect(forms.length).toBeGreaterThan(1);
    for (const { url } of forms) {
      const target = url.replace(':authority', 'organizations');
      expect([url, (await announce('POST', target, 32 * 1024 + 1, 'application/x-www-form-urlencoded')).status]).toEqual([url, 413]);
    }
  });
});
