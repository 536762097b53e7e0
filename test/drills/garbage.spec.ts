import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations, routePatterns } from '../../apps/data-plane/src/v2/operations.js';
import { descendants, privateMemory } from '../support/processes.js';
import { imageOf, type RegistryClient } from '../support/registry-client.js';
import { caOf } from '../support/service-process.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import { call } from '../support/wire.js';
import { Dice } from './dice.js';
import { type Garbage, garbage, noise, type Plane } from './garbage.js';
import { GarbageClient, type Reply } from './garbage-client.js';

/** Few and always the same unless told otherwise: `REGATTA_DRILL_GARBAGE=100000 npx vitest run test/drills/garbage.spec.ts`. */
const measured = process.env['REGATTA_DRILL_GARBAGE'];
const count = Number(measured ?? 400);
const seed = Number(process.env['REGATTA_DRILL_SEED'] ?? (measured === undefined ? 20261124 : randomInt(2 ** 31)));
const clients = 8;
const mostMemory = 512 * 1024 * 1024;

let registry: TestRegistry;
let planes: Record<string, Plane>;

beforeAll(async () => {
  registry = await testRegistry('drillgarbage');
  planes = { 'management API': await managementApi(), ...(await dataPlane()) };
}, 240_000);
afterAll(() => registry?.remove());

/** Served, but no part of the document. */
const undocumented = [
  ...[
    '/docs',
    '/docs/start.js',
    '/docs/index.css',
    '/openapi.json',
    '/openapi-3.0.json',
    '/common/discovery/instance',
    '//metadata/endpoints',
    '/',
  ],
  ...['/{authority}/.well-known/openid-configuration', '/{authority}/discovery/keys', '/nothing/{name}'],
].map((path) => ({ method: 'GET', path }));
const otherTokens = ['/{authority}/oauth2/token', '/adfs/{authority}/oauth2/v2.0/token'].map((path) => ({ method: 'POST', path }));
const methods = ['get', 'head', 'put', 'post', 'patch', 'delete'];

async function managementApi(): Promise<Plane> {
  const { service, management, group } = registry;
  // Not the registry that the data plane is asked for: this one may be changed.
  await management.createRegistry(group, `${registry.name}b`);
  const { body } = await call(`${service.managementUrl}/openapi.json`, { ca: caOf(service) });
  const { paths } = JSON.parse(body.toString('utf8')) as { paths: Record<string, object> };
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => methods.includes(method))
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
  const { subscriptionId, tenantId } = management.credentials;
  return {
    port: service.managementHttpPort,
    hosts: [`localhost:${service.managementHttpPort}`],
    routes: [...documented, ...undocumented, ...otherTokens],
    places: {
      subscriptionId,
      resourceGroupName: group,
      registryName: `${registry.name}b`,
      authority: tenantId,
      location: 'eastus',
      replicationName: 'eastus',
      groupName: 'registry',
      resourceProviderNamespace: 'Microsoft.ContainerRegistry',
      roleDefinitionId: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
    },
    credentials: [`Bearer ${await management.token()}`],
  };
}

async function dataPlane(): Promise<Record<string, Plane>> {
  const { client, name, password, loginServer, service } = registry;
  const image = imageOf([Buffer.from('a layer')]);
  await client.pushImage('team/app', 'v1', image);
  const places = { name: 'team/app', reference: 'v1', digest: image.digest, id: await uploadOf(client) };
  const token = await client.token(['repository:team/app:pull,push,delete', 'registry:catalog:*']);
  const { http: port } = service.regions.eastus;
  const content = Object.entries(operations).flatMap(([kind, verbs]) =>
    Object.keys(verbs).map((method) => ({ method, path: routePatterns[kind as keyof typeof operations] })),
  );
  const lists = [
    '/v2/',
    '/v2',
    '/v2/_catalog',
    '/oauth2/token',
    '/acr/v1/_catalog',
    '/acr/v1/{name}/_tags',
    '/livez',
    '/readyz',
    '/',
    '/{name}',
  ];
  const posts = ['/oauth2/token', '/oauth2/exchange'];
  const routes = [...content, ...lists.map((path) => ({ method: 'GET', path })), ...posts.map((path) => ({ method: 'POST', path }))];
  const credentials = [`Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`, `Bearer ${token}`];
  const byPath = routes.map(({ method, path }) => ({ method, path: path.replace(/^\/v2\/(?=.)/, `/v2/${name}/`) }));
  return {
    'data plane, login server': { port, hosts: [loginServer], routes, places, credentials },
    'data plane, path style': { port, hosts: [`localhost:${port}`, `127.0.0.1:${port}`], routes: byPath, places, credentials },
  };
}

const uploadOf = async (client: RegistryClient): Promise<string> => (await client.startUpload('team/app')).split('/').at(-1)!;

/** What is wrong with an answer; null if nothing is. */
function fault(plane: string, { method, isWellFormed }: Garbage, { status, type, body, isLate }: Reply): string | null {
  if (isLate) return 'no answer in half a minute';
  if (status === 0) return isWellFormed ? 'the connection ended without an answer' : null;
  if (status >= 500) return 'a server error';
  if (status < 400 || method === 'HEAD') return null;
  if (!/^application\/json\b/.test(type)) return `an error of the type '${type}'`;
  return isInForm(plane, body) ? null : 'an error in another form';
}

function isInForm(plane: string, body: string): boolean {
  const { error, errors, error_description: description } = parsed(body);
  if (plane.startsWith('data')) return Array.isArray(errors) && errors.every((one) => isNamed(one));
  return isNamed(error) || (typeof error === 'string' && typeof description === 'string');
}

function parsed(body: string): { error?: unknown; errors?: unknown; error_description?: unknown } {
  try {
    return JSON.parse(Buffer.from(body, 'latin1').toString('utf8')) as object;
  } catch {
    return {};
  }
}

const isNamed = (value: unknown): boolean => {
  const { code, message } = (value ?? {}) as { code?: unknown; message?: unknown };
  return typeof code === 'string' && /^\w+$/.test(code) && typeof message === 'string';
};

/** The processes of the service by what they are; Postgres is left out, whose backends come and go. */
function processes(): { pid: number; name: string }[] {
  return descendants(registry.service.pid).flatMap(({ pid, commandLine }) => {
    const name = /apps\/(management-api|data-plane|worker)\//.exec(commandLine)?.[1];
    return name === undefined ? [] : [{ pid, name }];
  });
}

describe(`${count} requests of garbage`, { timeout: 3_600_000 }, () => {
  it('are all answered in the form of the protocol, without a server error, by processes that stay and stay small', async () => {
    const tell = (text: string) => void (measured !== undefined && process.stdout.write(`garbage: ${text}\n`));
    tell(`REGATTA_DRILL_SEED=${seed}`);
    const before = processes();
    const dice = new Dice(seed);
    const statuses = new Map<string, number>();
    const faults: object[] = [];
    const sizes = () => before.map(({ pid, name }) => `${name} ${Math.round(privateMemory(pid) / 2 ** 20)} MiB`).join(', ');
    tell(`before: ${sizes()}`);
    let left = count;
    const work = async (name: string, plane: Plane) => {
      const client = new GarbageClient(plane.port);
      while (left > 0 && faults.length < 50) {
        left -= 1;
        if (left % 10_000 === 0) tell(`${left} left: ${sizes()}`);
        const request = dice.chance(7) ? noise(dice, plane) : garbage(dice, plane);
        const reply = await client.send(request);
        const key = `${name} ${reply.status}`;
        statuses.set(key, (statuses.get(key) ?? 0) + 1);
        const what = fault(name, request, reply);
        if (what !== null)
          faults.push({ what, name, status: reply.status, request: request.text.slice(0, 1500), body: reply.body.slice(0, 300) });
      }
      client.end();
    };
    await Promise.all(Object.entries(planes).flatMap(([name, plane]) => Array.from({ length: clients / 2 }, () => work(name, plane))));
    tell(`after: ${sizes()}; ${JSON.stringify(Object.fromEntries([...statuses].sort()))}`);
    expect(faults, `REGATTA_DRILL_SEED=${seed}`).toEqual([]);
    expect(processes()).toEqual(before);
    expect(before.filter(({ pid }) => privateMemory(pid) > mostMemory)).toEqual([]);
  });
});
