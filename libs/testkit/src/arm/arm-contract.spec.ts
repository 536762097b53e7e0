import { describe, expect, it } from 'vitest';
import { ArmContract } from './arm-contract.js';
import type { Exchange } from './exchange.js';

const contract = ArmContract.load();
const registry =
  '/subscriptions/7e8b0a7e-2a53-4c2c-9c52-3a0b0e9d7a11/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/myRegistry';

/** An exchange without a fault, as a starting point. */
function exchange(change: Partial<Exchange> & { json?: unknown } = {}): Exchange {
  const { json = wellFormed(), ...rest } = change;
  return {
    method: 'GET',
    url: `http://localhost:8080${registry}?api-version=2025-11-01`,
    status: 200,
    headers: { 'x-ms-request-id': 'a', 'content-type': 'application/json; charset=utf-8' },
    body: json === null ? '' : JSON.stringify(json),
    ...rest,
  };
}

function wellFormed() {
  return {
    id: registry,
    name: 'myRegistry',
    type: 'Microsoft.ContainerRegistry/registries',
    location: 'eastus',
    tags: {},
    sku: { name: 'Premium', tier: 'Premium' },
    properties: { provisioningState: 'Succeeded', loginServer: 'myregistry.localhost:5443', creationDate: '2026-11-23T08:00:00.000Z' },
  };
}

const at = (path: string, version = '2025-11-01') => `http://localhost:8080${path}?api-version=${version}`;
const created = (headers: Record<string, string>) =>
  exchange({
    method: 'PUT',
    status: 201,
    requestBody: { location: 'eastus', sku: { name: 'Premium' } },
    headers: { 'x-ms-request-id': 'a', 'content-type': 'application/json', ...headers },
    json: { ...wellFormed(), properties: { provisioningState: 'Creating' } },
  });

describe.skipIf(!contract)('the published contract (needs ../shared/specs/acr beside the project)', () => {
  const violations = (one: Exchange) => contract!.violations(one);

  it('finds nothing wrong with a well-formed answer', () => {
    expect(violations(exchange())).toEqual([]);
  });

  it.each<[string, Exchange, RegExp]>([
    [
      'a property nobody published',
      exchange({ json: { ...wellFormed(), properties: { provisioningState: 'Succeeded', colour: 'red' } } }),
      /colour/,
    ],
    ['an unknown top-level member', exchange({ json: { ...wellFormed(), etag: 'x' } }), /etag/],
    [
      'a preview property in a stable version',
      exchange({ json: { ...wellFormed(), properties: { metadataSearch: 'Disabled' } } }),
      /metadataSearch/,
    ],
    ['a missing required member', exchange({ json: { ...wellFormed(), sku: undefined } }), /sku/],
    ['a wrong type', exchange({ json: { ...wellFormed(), properties: { adminUserEnabled: 'yes' } } }), /boolean/],
    ['a value outside its enumeration', exchange({ json: { ...wellFormed(), sku: { name: 'Gold' } } }), /Basic,Standard,Premium/],
    ['a date that is none', exchange({ json: { ...wellFormed(), properties: { creationDate: 'yesterday' } } }), /date-time/],
    ['a null where a value belongs', exchange({ json: { ...wellFormed(), properties: { status: null } } }), /status/],
    [
      'an id that is not the one asked for',
      exchange({ json: { ...wellFormed(), id: registry.replace('/rg/', '/other/') } }),
      /says its id is/,
    ],
    ['a status nobody declared', exchange({ status: 203 }), /does not declare 203/],
    ['an answer without a body', exchange({ json: null }), /there is none/],
    ['an answer that is no JSON', exchange({ body: '<html>' }), /no JSON/],
    ['no request id', exchange({ headers: { 'content-type': 'application/json' } }), /x-ms-request-id/],
    ['a 201 that is still creating with nothing to poll', created({}), /no Azure-AsyncOperation/],
    ['a relative link to poll', created({ 'azure-asyncoperation': '/subscriptions/x?api-version=2025-11-01' }), /no absolute link/],
    [
      'a Retry-After that is no number',
      created({ 'azure-asyncoperation': 'http://h/x?api-version=1', 'retry-after': 'soon' }),
      /retry-after/i,
    ],
    [
      'an accepted request without its body',
      { ...created({ 'azure-asyncoperation': 'http://h/x?api-version=1' }), requestBody: undefined },
      /body is required/,
    ],
    [
      'an accepted request of the wrong shape',
      { ...created({ 'azure-asyncoperation': 'http://h/x?api-version=1' }), requestBody: { location: 'eastus', sku: { name: 7 } } },
      /accepted request body/,
    ],
    ['a name against its pattern', exchange({ url: at(registry.replace('myRegistry', 'my-registry')) }), /registryName/],
    ['a query parameter nobody published', exchange({ url: `${at(registry)}&$expand=all` }), /\$expand/],
    ['a path nobody published', exchange({ url: at(`${registry}/colours`) }), /no published operation/],
    ['a 202 without a Location', exchange({ method: 'DELETE', status: 202, json: null }), /no Location/],
    ['a body where there should be none', exchange({ method: 'DELETE', status: 204, json: {} }), /no body/],
    ['an error without the envelope', exchange({ status: 404, json: { message: 'gone' } }), /additional properties/],
    ['an error code with blanks', exchange({ status: 404, json: { error: { code: 'not found', message: 'x' } } }), /PascalCase/],
    ['an error without a sentence', exchange({ status: 404, json: { error: { code: 'NotFound', message: '' } } }), /says nothing/],
    ['an empty nextLink', exchange({ url: at(registry.replace(/\/[^/]+$/, '')), json: { value: [], nextLink: '' } }), /nextLink/],
    [
      'an operation without a status',
      exchange({ url: at(`${registry}/operationStatuses/registries-1`), json: { name: 'registries-1' } }),
      /status/,
    ],
    [
      'a secret in an answer that lists none',
      exchange({
        url: at(`${registry}/connectedRegistries/one`),
        json: { id: `${registry}/connectedRegistries/one`, name: 'one', token: 's3cret' },
      }),
      /token/,
    ],
  ])('notices %s', (_what, one, sentence) => {
    expect(violations(one).join('\n')).toMatch(sentence);
  });

  it('lets a preview version answer what is documented for previews, and nothing else', () => {
    const answer = (properties: object) => exchange({ url: at(registry, '2026-09-01-preview'), json: { ...wellFormed(), properties } });
    expect(violations(answer({ regionalEndpoints: 'Enabled', policies: { softDeletePolicy: { retentionDays: 7 } } }))).toEqual([]);
    expect(violations(answer({ regionalEndpoints: 'Perhaps' }))).not.toEqual([]);
    expect(violations(answer({ colour: 'red' }))).not.toEqual([]);
  });

  it('knows every registry operation of every published document', () => {
    const ids = new Set(contract!.operations.all.map((one) => one.operation.operationId));
    expect(ids.size).toBeGreaterThan(100);
    expect([...ids]).toEqual(
      expect.arrayContaining(['Registries_Create', 'Registries_ListUsages', 'ResourceGroups_CreateOrUpdate', 'Tenants_List']),
    );
  });

  it('can read every schema of every published operation', () => {
    for (const one of contract!.operations.all) {
      const path = one.template.replaceAll(/\{\w+\}/g, 'aaaaa');
      expect(() =>
        violations(exchange({ method: one.method.toUpperCase(), url: at(path, one.version), json: {}, requestBody: {} })),
      ).not.toThrow();
    }
  });
});
