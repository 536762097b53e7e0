import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import type { Answer } from '../support/wire.js';

let registry: TestRegistry;
let root: string;
let subscription: string;
const secret = `hidden${randomBytes(6).toString('hex')}`;

beforeAll(async () => {
  registry = await testRegistry('filter');
  subscription = registry.management.subscription;
  root = registry.management.registryPath(registry.group, registry.name);
  await registry.management.send('PATCH', root, { tags: { plain: 'value', [secret]: 'x' } });
});
afterAll(() => registry?.remove());

/** Text that means something to SQL, to jsonpath, to a regular expression or to an object; none of it names anything. */
const hostile = [
  "'",
  "''",
  "' OR '1'='1",
  "' OR '1'='2",
  "x') OR (SELECT true)--",
  "'; DROP TABLE control.registries; --",
  "' UNION SELECT secret FROM identity.client_secrets --",
  "' AND pg_sleep(10) IS NULL --",
  String.raw`\' OR 1=1 --`,
  '$1',
  ':afterKey',
  '%',
  '_%',
  '$.** ? (@ == 1)',
  '(a+)+$',
  '{"$ne":null}',
  '__proto__',
  'constructor.prototype',
  '\u0000',
  '\uFF07 OR 1=1',
  'x'.repeat(3000),
];

/** Columns and members that exist and are not for filtering by. */
const closedFields = ['adminPasswords', 'admin_passwords', 'settings', 'tenantId', 'tenant_id', 'r.settings', 'tags/plain', 'toString'];

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function get(path: string, query: Record<string, string>): Promise<Answer> {
  const pairs = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return registry.management.send('GET', `${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}`);
}

const listed = (answer: Answer): unknown[] => answer.json<{ value: unknown[] }>().value;

/** Every list that takes a filter: where it is, and the fields it may be filtered by. */
const lists = (): { path: string; fields: string[]; closedTo: string[] }[] => {
  const resources = '?api-version=2024-03-01';
  const roles = '?api-version=2022-04-01';
  const group = `${subscription}/resourceGroups/${registry.group}`;
  const authorization = 'providers/Microsoft.Authorization';
  const resourceFields = ['resourceType', 'name', 'resourceGroup', 'location', 'tagName'];
  return [
    { path: `${subscription}/resources${resources}`, fields: resourceFields, closedTo: closedFields },
    { path: `${group}/resources${resources}`, fields: resourceFields, closedTo: closedFields },
    { path: `${subscription}/resourcegroups${resources}`, fields: ['tagName'], closedTo: [...closedFields, 'name', 'managedBy'] },
    { path: `${root}/${authorization}/roleAssignments${roles}`, fields: ['principalId'], closedTo: [...closedFields, 'scope'] },
    { path: `${subscription}/${authorization}/roleDefinitions${roles}`, fields: ['roleName', 'type'], closedTo: closedFields },
  ];
};

describe('A filter', () => {
  it('is a value and nothing else: hostile text in a literal finds nothing, or is refused', async () => {
    for (const { path, fields } of lists()) {
      const filters = hostile.flatMap((text) => [...fields.map((field) => `${field} eq ${literal(text)}`), `${fields[0]} eq '${text}'`]);
      for (const filter of filters) {
        const answer = await get(path, { $filter: filter });
        const found = answer.status === 200 ? listed(answer) : [];
        expect([filter.slice(0, 80), [200, 400].includes(answer.status), found]).toEqual([filter.slice(0, 80), true, []]);
      }
    }
  });

  it('is refused where it is no comparison', async () => {
    for (const { path } of lists()) {
      for (const text of hostile) {
        const answer = await get(path, { $filter: text });
        expect([text.slice(0, 40), answer.status]).toEqual([text.slice(0, 40), 400]);
      }
    }
  });

  it('by a column that is not listed is refused in the same words as by one that does not exist', async () => {
    const refusalOf = async (path: string, field: string) => {
      const answer = await get(path, { $filter: `${field} eq 'x'` });
      return [answer.status, answer.body.toString('utf8').replaceAll(field, '*')];
    };
    for (const { path, closedTo } of lists()) {
      for (const field of closedTo) {
        const [status, text] = await refusalOf(path, field);
        expect([field, status, text]).toEqual([field, 400, expect.stringContaining('InvalidFilterInQueryString')]);
        expect([field, text]).toEqual([field, (await refusalOf(path, field.replace(/^./, 'q')))[1]]);
      }
    }
  });

  it('tells nothing by true and false: a condition smuggled in changes no answer', async () => {
    for (const { path, fields } of lists()) {
      const answers = await Promise.all(
        ["x' or '1'='1", "x' or '1'='2"].map(async (text) => {
          const { status, body } = await get(path, { $filter: `${fields[0]} eq ${literal(text)}` });
          return [status, body.toString('utf8').replaceAll(/'1'='\d|''1''=''\d/g, '')];
        }),
      );
      expect(answers[0]).toEqual(answers[1]);
    }
  });

  it('still finds what it is for', async () => {
    const resources = `${subscription}/resources?api-version=2024-03-01`;
    for (const filter of [`name eq '${registry.name}'`, `tagName eq '${secret}'`, `substringof('${registry.name}', name)`])
      expect(listed(await get(resources, { $filter: filter }))).toHaveLength(1);
  });
});

describe('Every list and resource of the management API', () => {
  it('answers hostile orders, expansions, sizes and page tokens without failing, and never out of order', async () => {
    const document = (await registry.management.send('GET', '/openapi.json')).json<{ paths: Record<string, { get?: object }> }>();
    const known: Record<string, string> = {
      subscriptionId: subscription.split('/').at(-1)!,
      resourceGroupName: registry.group,
      registryName: registry.name,
      location: 'eastus',
      resourceProviderNamespace: 'Microsoft.ContainerRegistry',
    };
    const paths = Object.entries(document.paths)
      .filter(([path, item]) => item.get && path.startsWith('/subscriptions'))
      .map(([path]) => path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => known[name] ?? 'nothing'));
    expect(paths.length).toBeGreaterThan(15);
    const some = ["' OR '1'='1", '$.** ? (@ == 1)'];
    for (const path of paths) {
      const versioned = `${path}?api-version=${/ContainerRegistry/.test(path) ? '2025-11-01' : '2022-09-01'}`;
      const plain = await registry.management.send('GET', versioned);
      for (const text of some) {
        const ordered = await get(versioned, { $orderby: `name desc, ${text}`, $select: text, $search: text });
        expect([path, ordered.status]).toEqual([path, plain.status]);
        const odd = await get(versioned, { $expand: text, $top: text, $skipToken: text, $skip: text });
        expect([path, odd.status >= 500]).toEqual([path, false]);
      }
    }
  });
});

describe('The lists of the data plane', () => {
  it('take hostile positions, sizes and artifact types as values', async () => {
    const { client } = registry;
    const digest = `sha256:${'0'.repeat(64)}`;
    for (const text of hostile) {
      const value = encodeURIComponent(text);
      for (const path of [
        `/v2/_catalog?last=${value}&orderby=${value}`,
        `/v2/_catalog?n=${value}`,
        `/v2/some/app/tags/list?last=${value}`,
        `/v2/some/app/tags/list?n=${value}`,
        `/v2/some/app/referrers/${digest}?artifactType=${value}`,
      ]) {
        const { status } = await client.send('GET', path);
        expect([path.slice(0, 80), status < 500]).toEqual([path.slice(0, 80), true]);
      }
    }
  });
});
