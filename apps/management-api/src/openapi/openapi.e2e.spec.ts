import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import createClient from 'openapi-fetch';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KnownRoutes } from '../arm-http/known-routes.js';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
let document: any;

beforeAll(async () => {
  management = await TestManagement.start();
  document = await (await fetch(`${management.baseUrl}/openapi.json`)).json();
});
afterAll(() => management?.stop());

const methods = ['get', 'put', 'post', 'patch', 'delete', 'head'];
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const operations = (): [string, any][] =>
  Object.entries(document.paths as Record<string, Record<string, object>>).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]): [string, object] => [`${method.toUpperCase()} ${path}`, operation]),
  );

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 and names every schema it refers to', () => {
    expect(document.openapi).toBe('3.1.0');
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
    expect(refs.filter((name) => !(name in document.components.schemas))).toEqual([]);
    expect(Object.keys(document.components.securitySchemes)).toEqual(['servicePrincipal', 'bearer']);
  });

  it('describes every route that asks for a token', () => {
    const described = new Set(operations().map(([name]) => name.toLowerCase()));
    const routes = management.app
      .get(KnownRoutes, { strict: false })
      .all()
      // Every GET answers HEAD too; HTTP says what that is.
      .filter(({ method, access }) => access?.kind !== 'public' && method !== 'HEAD');
    const missing = routes.map(({ method, url }) => `${method} ${url.replace(/:([A-Za-z]+)/g, '{$1}')}`.toLowerCase());
    expect(missing.filter((name) => !described.has(name))).toEqual([]);
    expect(described.size).toBeGreaterThan(30);
  });

  it('says of every operation its name, version, answers, errors and every parameter of its path', () => {
    const ids = new Set<string>();
    for (const [name, operation] of operations()) {
      if (operation.security?.length === 0) continue; // Not ARM: sign-in and health.
      expect([name, operation.operationId]).toEqual([name, expect.stringMatching(/^[A-Za-z]+_[A-Za-z]+$/)]);
      expect([name, ids.has(operation.operationId)]).toEqual([name, false]);
      ids.add(operation.operationId);
      expect([name, operation.summary]).toEqual([name, expect.stringMatching(/\S/)]);
      const parameters = operation.parameters as { name: string; in: string; required: boolean }[];
      const inPath = [...name.matchAll(/\{([^}]+)\}/g)].map(([, parameter]) => parameter);
      expect([name, parameters.filter((one) => one.in === 'path').map((one) => one.name)]).toEqual([name, inPath]);
      expect([name, parameters.filter((one) => one.in === 'path' && !('description' in one))]).toEqual([name, []]);
      // What is ours beside ARM has its version in the path.
      const versioned = !name.includes(' /regatta/');
      expect([name, parameters.find((one) => one.name === 'api-version')?.required ?? false]).toEqual([name, versioned]);
      expect([name, operation.responses.default.content['application/json'].schema.$ref]).toEqual([
        name,
        '#/components/schemas/ErrorResponse',
      ]);
      const successes = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      expect([name, successes.length]).not.toEqual([name, 0]);
      if (/^(PUT|PATCH) /.test(name))
        expect([name, operation.requestBody?.content['application/json'].schema]).not.toEqual([name, undefined]);
    }
  });
});

describe('what people and generators of clients need', () => {
  it('is a sentence for every heading and operation, and every operation under one heading', () => {
    const headings = (document.tags as { name: string; description: string }[]).map(({ name }) => name);
    for (const { name, description } of document.tags) expect([name, description]).toEqual([name, expect.stringMatching(/\w\.$/)]);
    for (const [name, { tags, description }] of operations()) {
      expect([name, description]).toEqual([name, expect.stringMatching(/\S.*\.$/s)]);
      expect([name, tags, headings.includes(tags[0])]).toEqual([name, [expect.any(String)], true]);
    }
  });

  it('is every status in which a call can fail', () => {
    const of = (path: string, method: string) => Object.keys(document.paths[path][method].responses);
    expect(of(registryPath, 'put')).toEqual(
      expect.arrayContaining(['200', '201', '400', '401', '403', '404', '409', '412', '413', '415', '429', '503', 'default']),
    );
    expect(of(registryPath, 'get')).toEqual(expect.arrayContaining(['200', '304', '400', '401', '403', '404', '429', '503']));
    for (const [name, operation] of operations()) {
      if (operation.security?.length === 0) continue;
      for (const status of ['400', '401', '403', '429', '503'])
        expect([name, Object.keys(operation.responses)]).toEqual([name, expect.arrayContaining([status])]);
    }
  });

  it('is a schema for every parameter, and the subscription, regions and versions of this installation', () => {
    for (const [name, operation] of operations())
      for (const parameter of operation.parameters ?? [])
        expect([name, parameter.name, parameter.schema.type]).toEqual([name, parameter.name, expect.any(String)]);
    const parameters = Object.fromEntries(document.paths[registryPath].put.parameters.map((one: { name: string }) => [one.name, one]));
    expect(parameters.subscriptionId.example).toBe(management.subscriptionId);
    expect(parameters['api-version'].schema.default).toBe('2025-11-01');
    expect(document.components.schemas.RegionName.enum).toEqual(management.config.REGATTA_REGIONS);
    expect(document.servers[0].url).toBe(management.config.REGATTA_MANAGEMENT_URL);
    expect(document.components.schemas.RegistrySku.properties.name.enum).toEqual(['Basic', 'Standard', 'Premium']);
    expect(document.components.schemas.Tags).toMatchObject({ propertyNames: { maxLength: 512 }, additionalProperties: { maxLength: 256 } });
  });

  it('is a link from what makes something to everything that can be done with it', () => {
    const ids = new Set(operations().map(([, { operationId }]) => operationId as string));
    const of = (path: string, method: string, status: string) => document.paths[path][method].responses[status].links;
    expect(of(registryPath, 'put', '201').Registries_ListCredentials).toEqual({
      operationId: 'Registries_ListCredentials',
      parameters: {
        subscriptionId: '$request.path.subscriptionId',
        resourceGroupName: '$request.path.resourceGroupName',
        registryName: '$request.path.registryName',
        'api-version': '$request.query.api-version',
      },
    });
    const group = of('/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}', 'put', '200');
    expect(Object.keys(group)).toEqual(
      expect.arrayContaining(['ResourceGroups_Get', 'ResourceGroups_Delete', 'Registries_ListByResourceGroup']),
    );
    expect(Object.keys(group.Registries_ListByResourceGroup.parameters)).toEqual(['subscriptionId', 'resourceGroupName']);
    expect(of('/regatta/v1/servicePrincipals', 'post', '201').ServicePrincipals_Delete.parameters).toEqual({
      servicePrincipalId: '$response.body#/id',
    });
    const links = [...JSON.stringify(document.paths).matchAll(/"links":\{.*?\}\}\}/g)];
    expect(links.length).toBeGreaterThan(8);
    for (const [, { responses }] of operations())
      for (const { links: one = {} } of Object.values(responses) as { links?: object }[])
        for (const name of Object.keys(one)) expect([name, ids.has(name)]).toEqual([name, true]);
  });

  it('is no schema with the name that Go gives to what makes another one', () => {
    const names = Object.keys(document.components.schemas);
    expect(names.filter((name) => names.includes(`New${name}`))).toEqual([]);
  });

  it('is patterns that every engine reads alike', () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\\\]|\\\\.)*")/g)].map(
      ([, text]) => JSON.parse(text!) as string,
    );
    expect(patterns.length).toBeGreaterThan(5);
    // Nor does Go compile what has a byte order mark in it.
    expect(patterns.filter((pattern) => /\\[pPu]|\ufeff/.test(pattern))).toEqual([]);
  });

  it('is a pattern for every name in a path and every filter that takes what is taken, and no more', () => {
    const all = operations().flatMap(
      ([, { parameters = [] }]) => parameters as { name: string; in: string; schema: Record<string, unknown> }[],
    );
    const free = all.filter(
      ({ in: place, schema }) => place === 'path' && !('pattern' in schema || 'enum' in schema || schema['format'] === 'uuid'),
    );
    expect(new Set(free.map(({ name }) => name))).toEqual(new Set());
    for (const { name, schema } of all.filter(({ in: place }) => place === 'path')) {
      if (!('pattern' in schema)) continue;
      const pattern = new RegExp(schema['pattern'] as string);
      for (const bad of ['a/b', 'a\\b', 'a\u0000', 'a\u009f', '', '\u0130'])
        expect([name, bad, pattern.test(bad)]).toEqual([name, bad, false]);
    }
    for (const { schema } of all.filter(({ name }) => name === '$filter'))
      expect(new RegExp(schema['pattern'] as string).test('')).toBe(true);
    const filterOf = (path: string) =>
      new RegExp(document.paths[path].get.parameters.find(({ name }: { name: string }) => name === '$filter').schema.pattern);
    for (const [text, isTaken] of [
      ["name eq 'a' and tagName eq 'b' and tagValue eq 'c'", true],
      ["name eq 'a' and tagValue eq 'c'", false],
    ] as const)
      expect([text, filterOf('/subscriptions/{subscriptionId}/resources').test(text)]).toEqual([text, isTaken]);
    const version = document.paths['/metadata/endpoints'].get.parameters[0];
    for (const [bad, isTaken] of [
      ['', false],
      ['latest', false],
      ['2018-01-01', true],
      ['2018-01-01-preview', true],
    ] as const)
      expect([bad, new RegExp(version.schema.pattern).test(bad)]).toEqual([bad, isTaken]);
    expect(
      document.components.schemas.RegistryPut.properties.properties.properties.encryption.properties.keyVaultProperties.properties
        .keyIdentifier.pattern,
    ).toBe('^https://');
  });

  it('is a schema of texts in bodies that takes what is taken, and no more', () => {
    const { properties } = document.components.schemas.RegistryPut.properties;
    const rules = properties.properties.networkRuleSet.properties;
    const { client_secret: secret, scope } =
      document.paths['/{authority}/oauth2/v2.0/token'].post.requestBody.content['application/x-www-form-urlencoded'].schema.properties;
    const { displayName } = document.components.schemas.ServicePrincipalPost.properties;
    const identities = document.components.schemas.RegistryIdentity.properties.userAssignedIdentities;
    const subscription = '/subscriptions/1/resourceGroups/2/providers';
    const texts: [string, { pattern: string }, readonly string[], readonly string[]][] = [
      [
        'ipRules',
        rules.ipRules.items.properties.value,
        ['192.0.2.1', '0.0.0.0/0', '203.0.113.0/24'],
        ['', '1.2.3', '256.0.0.1', '1.2.3.4/33'],
      ],
      ['scope', scope, ['https://one/.default', 'api://a.b/.default'], ['', 'one', 'one/.default', 'https://one', 'https://o"e/.default']],
      ['displayName', displayName, ['a', ' a b '], ['', ' ', '\u00a0', 'a\nb']],
      [
        'identities',
        identities.propertyNames,
        [`${subscription}/Microsoft.ManagedIdentity/userAssignedIdentities/a`],
        ['', `${subscription}/a`],
      ],
    ];
    for (const [name, { pattern }, taken, refused] of texts) {
      for (const text of taken) expect([name, text, new RegExp(pattern).test(text)]).toEqual([name, text, true]);
      for (const text of refused) expect([name, text, new RegExp(pattern).test(text)]).toEqual([name, text, false]);
    }
    expect(secret.maxLength).toBe(2048);
    expect(scope.maxLength).toBe(2048);
  });

  it('never promises what an api-version does not show', () => {
    const { properties } = document.components.schemas.Registry.properties;
    expect(properties.required).toEqual(expect.arrayContaining(['adminUserEnabled', 'loginServer', 'provisioningState']));
    for (const part of ['metadataSearch', 'regionalEndpoints', 'endpointProtocol', 'writableCacheRepos', 'networkRuleSet', 'policies'])
      expect(properties.required).not.toContain(part);
    expect(properties.properties.networkRuleSet.required ?? []).not.toContain('virtualNetworkRules');
    expect(properties.properties.policies.required ?? []).not.toContain('softDeletePolicy');
  });

  it('has no null beside an inline schema, for which generators would make a name', () => {
    expect(JSON.stringify(document)).not.toMatch(/"anyOf":\[\{"type":"(object|string|integer|boolean)"[^[\]]*\},\{"type":"null"\}\]/);
  });
});

describe('both forms of the document', () => {
  it.each([
    ['openapi.json', '3.1'],
    ['openapi-3.0.json', '3.0'],
  ])('%s is valid by the schema of OpenAPI %s', async (name, version) => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(
      (await (await fetch(`${management.baseUrl}/${name}`)).json()) as Record<string, unknown>,
    );
    expect([valid, errors]).toEqual([true, undefined]);
    expect(validator.version).toBe(version);
  });
});

describe('what the document says needs no token', () => {
  it('is sign-in and health, and answers without one', async () => {
    const open = operations().filter(([, operation]) => operation.security?.length === 0);
    expect(open.map(([name]) => name)).toEqual([
      'GET /metadata/endpoints',
      'POST /{authority}/oauth2/v2.0/token',
      'GET /{authority}/v2.0/.well-known/openid-configuration',
      'GET /{authority}/discovery/v2.0/keys',
      'GET /livez',
      'GET /readyz',
      'GET /startupz',
    ]);
    for (const [name] of open) {
      const [method, path] = name.split(' ') as [string, string];
      const answer = await fetch(management.baseUrl + path.replace('{authority}', 'organizations'), { method });
      expect([name, answer.status]).toEqual([name, method === 'POST' ? 400 : expect.not.toBeOneOf([401, 403, 404])]);
    }
  });
});

describe('a client generated from it', () => {
  it('compiles, and creates and reads through the running service', async () => {
    const folder = await mkdtemp(join(import.meta.dirname, '.generated-'));
    try {
      await writeFile(join(folder, 'api.d.ts'), astToString(await openapiTS(document)));
      await writeFile(join(folder, 'client.ts'), typedUse);
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
      const tsc = join(import.meta.dirname, '../../../../node_modules/typescript/bin/tsc');
      const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
      expect(stdout).toBe('');
      const { useClient } = (await import(join(folder, 'client.ts'))) as { useClient: UseClient };
      const client = createClient({ baseUrl: management.baseUrl, headers: { authorization: `Bearer ${management.owner.token}` } });
      expect(await useClient(client, management.subscriptionId)).toEqual({
        group: 'generated',
        groups: expect.arrayContaining(['generated']),
        created: 'Creating',
        sku: 'Basic',
        refused: 'InvalidParameter',
      });
      expect(await readFile(join(folder, 'api.d.ts'), 'utf8')).toContain('Registries_Create');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

describe('the documentation', () => {
  it('comes whole from this host, under a policy that lets nothing else in', async () => {
    const page = await fetch(`${management.baseUrl}/docs/`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).toHaveLength(5);
    for (const link of links) expect([link, (await fetch(management.baseUrl + link)).status]).toEqual([link, 200]);
  });
});

const registryPath =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.ContainerRegistry/registries/{registryName}';

type UseClient = (client: unknown, subscriptionId: string) => Promise<object>;

const tsconfig = {
  extends: '../../../../../tsconfig.json',
  compilerOptions: { noEmit: true, incremental: false, rootDir: '../../../../..' },
  include: ['./client.ts', './api.d.ts'],
};

/** What somebody with the generated types writes; type-checked as it stands, then run. */
const typedUse = `import type { Client } from 'openapi-fetch';
import type { paths } from './api.js';

export async function useClient(client: Client<paths>, subscriptionId: string) {
  const resources = { 'api-version': '2024-03-01' } as const;
  const acr = { 'api-version': '2025-11-01' } as const;
  const group = await client.PUT('/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}', {
    params: { path: { subscriptionId, resourceGroupName: 'generated' }, query: resources },
    body: { location: 'eastus', tags: { made: 'by a generated client' } },
  });
  const groups = await client.GET('/subscriptions/{subscriptionId}/resourcegroups', { params: { path: { subscriptionId }, query: resources } });
  const path = { subscriptionId, resourceGroupName: 'generated', registryName: 'generated1' };
  const url = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.ContainerRegistry/registries/{registryName}';
  const created = await client.PUT(url, { params: { path, query: acr }, body: { location: 'eastus', sku: { name: 'Basic' } } });
  const registry = await client.GET(url, { params: { path, query: acr } });
  // @ts-expect-error there is no such SKU
  const refused = await client.PUT(url, { params: { path, query: acr }, body: { location: 'eastus', sku: { name: 'Gold' } } });
  return {
    group: group.data?.name,
    groups: groups.data?.value.map(({ name }) => name),
    created: created.data?.properties.provisioningState,
    sku: registry.data?.sku.name,
    refused: refused.error?.error.code,
  };
}
`;
