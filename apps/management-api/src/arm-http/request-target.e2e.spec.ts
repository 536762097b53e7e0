import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestManagement } from '../testing/test-management.js';
import { KnownRoutes } from './known-routes.js';

let management: TestManagement;
let group: string;
let mine: string;
let theirs: string;

beforeAll(async () => {
  management = await TestManagement.start();
  group = await management.group('rg-target');
  const registries = `${group}/providers/Microsoft.ContainerRegistry/registries`;
  [mine, theirs] = [`${registries}/targetmine`, `${registries}/targettheirs`];
  for (const path of [mine, theirs]) {
    const body = { location: 'eastus', sku: { name: 'Basic' }, properties: { adminUserEnabled: true } };
    await management.owner.arm.put(path, body);
  }
});
afterAll(() => management?.stop());

interface Answer {
  status: number;
  text: string;
}

/** Sends a request target as it is: no client of ours normalises it. */
function send(method: string, target: string, token = management.owner.token): Promise<Answer> {
  const { hostname, port } = new URL(management.baseUrl);
  return new Promise((resolve, reject) => {
    const call = request(
      { hostname, port, method, path: target, headers: { authorization: `Bearer ${token}` }, agent: false },
      (response) => {
        let text = '';
        response.on('data', (piece) => (text += String(piece)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    call.on('error', reject);
    call.end();
  });
}

const version = '?api-version=2025-11-01';

describe('A resource id', () => {
  it('is found with two slashes where one would do, and in absolute form', async () => {
    for (const [method, path] of [
      ['GET', mine],
      ['POST', `${mine}/listCredentials`],
      ['GET', `/subscriptions/${management.subscriptionId}/providers/Microsoft.ContainerRegistry/registries`],
    ] as const) {
      const plain = await send(method, path + version);
      expect(plain.status).toBe(200);
      const forms = [`/${path}`, path.replaceAll('/', '//'), `${path}//`, `https://other.example${path}`, `HTTP://a@b:1/${path}`];
      for (const form of forms) expect([form, await send(method, form + version)]).toEqual([form, plain]);
    }
  });

  it('is followed by links of the plain form at the host it names', async () => {
    const list = `/subscriptions/${management.subscriptionId}/providers/Microsoft.ContainerRegistry/registries`;
    const { text } = await send('GET', `https://other.example/${list}${version}&$top=1`);
    expect(JSON.parse(text).nextLink).toMatch(new RegExp(`^http://other\\.example${list}\\?`));
  });

  it('with dots, or with slashes inside a name, is refused, and opens nothing by the rights of another', async () => {
    const owner = await management.caller({ role: 'Owner', scope: mine });
    expect((await send('POST', `${mine}/listCredentials${version}`, owner.token)).status).toBe(200);
    expect((await send('POST', `${theirs}/listCredentials${version}`, owner.token)).status).toBe(403);
    const targets = ['../targettheirs', '%2e%2e/targettheirs', '.%2E/./targettheirs', '..%2ftargettheirs', '..%5Ctargettheirs', '.'].map(
      (detour) => `${mine}/${detour}/listCredentials`,
    );
    const whole = encodeURIComponent(theirs.slice(1));
    targets.push(`${mine}%2f..%2ftargettheirs/listCredentials`, `/${whole}/listCredentials`, `${group}%2Fx/resources`, `${mine}/..`);
    for (const target of targets) {
      for (const token of [owner.token, management.owner.token]) {
        const { status, text } = await send('POST', target + version, token);
        expect([target, status, JSON.parse(text).error.code]).toEqual([target, 400, 'InvalidParameter']);
      }
    }
  });

  it('is read by what its percent-encoded letters stand for', async () => {
    const plain = await send('GET', mine + version);
    const letters = mine.replaceAll(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
    expect(await send('GET', letters + version)).toEqual(plain);
    expect((await send('GET', mine.replace('targetmine', '%2574argetmine') + version)).status).toBe(400);
  });

  it('is the same in any case, on every route', async () => {
    const known: Record<string, string> = {
      subscriptionId: management.subscriptionId,
      resourceGroupName: 'rg-target',
      registryName: 'targetmine',
      location: 'eastus',
      resourceProviderNamespace: 'Microsoft.ContainerRegistry',
    };
    const answer = async (method: string, path: string) => {
      const { status, text } = await send(method, `${path}${version}`);
      return { status, code: text.startsWith('{"error"') ? JSON.parse(text).error.code : null };
    };
    const routes = management.app.get(KnownRoutes, { strict: false }).all();
    let compared = 0;
    for (const { method, url } of routes.filter((route) => route.method === 'GET' && !route.url.includes('*'))) {
      const filled = url.replaceAll(/:(\w+)/g, (_all, name: string) => known[name] ?? 'nothing');
      const shouted = url
        .split('/')
        .map((part) => (part.startsWith(':') ? (known[part.slice(1)] ?? 'nothing') : part.toUpperCase()))
        .join('/');
      expect([url, await answer(method, shouted)]).toEqual([url, await answer(method, filled)]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(30);
    const bodies = [mine, mine.toLowerCase(), mine.toUpperCase()].map((path) => send('POST', `${path}/LISTCREDENTIALS${version}`));
    const [first, ...others] = await Promise.all(bodies);
    expect(first!.status).toBe(200);
    expect(others).toEqual([first, first]);
  });

  it('with the one letter whose lower case is longer is refused, and not read as another path', async () => {
    const deep = mine.replace('rg-target', 'rg-%C4%B0');
    for (const [method, path] of [
      ['GET', deep],
      ['POST', `${deep}/listCredentials`],
      ['GET', mine.replace('targetmine', '%c4%b0')],
    ] as const) {
      const { status, text } = await send(method, path + version);
      expect([path, status, JSON.parse(text).error.code]).toEqual([path, 400, 'InvalidParameter']);
    }
  });

  it('takes api-version by any casing of its name', async () => {
    expect((await send('GET', `${mine}?API-Version=2025-11-01`)).status).toBe(200);
  });
});
