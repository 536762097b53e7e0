import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmClient } from '#lib/testkit';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let arm: ArmClient;
let subscription: string;
let blue: string;
let green: string;
const run = randomUUID().slice(0, 6);
const options = { apiVersion: '2022-09-01' };

beforeAll(async () => {
  management = await TestManagement.start();
  arm = management.owner.arm;
  subscription = `/subscriptions/${management.subscriptionId}`;
  blue = await management.group(`blue-${run}`);
  green = await management.group(`green-${run}`);
  const make = async (group: string, name: string, body: object) => {
    const { status, text } = await arm.put(`${group}/providers/Microsoft.ContainerRegistry/registries/${name}`, body);
    expect([status, text]).toEqual([201, expect.anything()]);
  };
  await make(blue, `first${run}`, { location: 'eastus', sku: { name: 'Basic' }, tags: { Team: 'a' } });
  await make(blue, `second${run}`, { location: 'westeurope', sku: { name: 'Premium' }, tags: { team: 'b' } });
  await make(green, `third${run}`, { location: 'eastus', sku: { name: 'Standard' } });
});
afterAll(() => management?.stop());

const names = async (path: string, query: Record<string, string> = {}) => {
  const { status, body, text } = await arm.get(`${path}/resources`, { ...options, query });
  expect([status, text]).toEqual([200, expect.anything()]);
  return body.value.map((resource: { name: string }) => resource.name);
};

describe('lists of resources', () => {
  it('show what az looks for: id, sku, location, tags and who made it', async () => {
    const { body } = await arm.get(`${subscription}/resources`, {
      ...options,
      query: { $filter: "resourceType eq 'Microsoft.ContainerRegistry/registries'" },
    });
    expect(body.value[0]).toEqual({
      id: `${blue}/providers/Microsoft.ContainerRegistry/registries/first${run}`,
      name: `first${run}`,
      type: 'Microsoft.ContainerRegistry/registries',
      location: 'eastus',
      sku: { name: 'Basic', tier: 'Basic' },
      tags: { Team: 'a' },
      systemData: expect.objectContaining({ createdByType: 'Application' }),
    });
  });

  it('are of a subscription or of one group', async () => {
    expect(await names(subscription)).toEqual([`first${run}`, `second${run}`, `third${run}`]);
    expect(await names(green)).toEqual([`third${run}`]);
    expect((await arm.get(`${subscription}/resourceGroups/nobody/resources`, options)).body.error.code).toBe('ResourceGroupNotFound');
  });

  it.each([
    ["name eq 'FIRST#'", ['first#']],
    ["resourceType eq 'microsoft.containerregistry/registries' and name eq 'second#'", ['second#']],
    ["resourceType eq 'Microsoft.Storage/storageAccounts'", []],
    ["resourceType ne 'Microsoft.ContainerRegistry/registries'", []],
    ["location eq 'East US'", ['first#', 'third#']],
    ["resourceGroup eq 'GREEN-#'", ['third#']],
    ["substringof('cond', name)", ['second#']],
    ["tagName eq 'team'", ['first#', 'second#']],
    ["tagName eq 'team' and tagValue eq 'b'", ['second#']],
    ["name eq 'nobodyhasit'", []],
  ])('can be narrowed by %s', async (filter, expected) => {
    expect(await names(subscription, { $filter: filter.replaceAll('#', run) })).toEqual(expected.map((name) => name.replace('#', run)));
  });

  it('are whole where the filter is empty', async () => {
    const whole = await names(subscription, {});
    expect(await names(subscription, { $filter: '' })).toEqual(whole);
  });

  it.each(['color eq 1', "resourceType eq 'x' or name eq 'y'", "tagValue eq 'a'", "name eq 'x') or (1 eq 1", "startswith(name, 'x')"])(
    'refuse the filter %s',
    async (filter) => {
      const { status, body } = await arm.get(`${subscription}/resources`, { ...options, query: { $filter: filter } });
      expect([status, body.error.code, body.error.target]).toEqual([400, 'InvalidFilterInQueryString', '$filter']);
    },
  );

  it('come in pages', async () => {
    const pages = await arm.pages(`${subscription}/resources`, { ...options, query: { $top: '1' } });
    expect(pages.map((page) => page.map(({ name }) => name))).toEqual([[`first${run}`], [`second${run}`], [`third${run}`]]);
  });

  it('expand what is asked for', async () => {
    const { body } = await arm.get(`${green}/resources`, { ...options, query: { $expand: 'createdTime,provisioningState' } });
    expect(body.value[0]).toMatchObject({ provisioningState: 'Creating', createdTime: expect.stringMatching(/Z$/) });
    expect((await arm.get(`${green}/resources`, { ...options, query: { $expand: 'everything' } })).body.error.target).toBe('$expand');
  });

  it('are for those who may read the subscription', async () => {
    const reader = await management.caller({ role: 'Reader', scope: green });
    expect((await reader.arm.get(`${green}/resources`, options)).status).toBe(200);
    expect((await reader.arm.get(`${subscription}/resources`, options)).status).toBe(403);
  });
});

describe('resource providers', () => {
  const version = { apiVersion: '2024-03-01' };

  it('are all registered', async () => {
    const { body } = await arm.get(`${subscription}/providers`, version);
    expect(body.value.map(({ namespace, registrationState }: Record<string, string>) => [namespace, registrationState])).toEqual([
      ['Microsoft.Authorization', 'Registered'],
      ['Microsoft.ContainerRegistry', 'Registered'],
      ['Microsoft.Resources', 'Registered'],
    ]);
    const one = await arm.get(`${subscription}/providers/microsoft.containerregistry`, version);
    expect(one.body.resourceTypes[0]).toMatchObject({ resourceType: 'registries', locations: ['East US', 'West Europe'] });
    expect(one.body.resourceTypes[0].apiVersions).toContain('2025-11-01');
    expect((await arm.get('/providers', version)).body.value).toHaveLength(3);
    expect((await arm.get('/providers/Microsoft.Resources', version)).body.id).toBe('/providers/Microsoft.Resources');
  });

  it('can be registered again by Terraform', async () => {
    const { status, body } = await arm.post(`${subscription}/providers/Microsoft.ContainerRegistry/register`, undefined, version);
    expect([status, body.registrationState]).toEqual([200, 'Registered']);
  });

  it('that do not exist are said to be none', async () => {
    const { status, body } = await arm.get(`${subscription}/providers/Microsoft.Compute`, version);
    expect([status, body.error.code]).toEqual([404, 'InvalidResourceNamespace']);
  });

  it('say what they can be asked to do', async () => {
    const { body } = await arm.get('/providers/Microsoft.ContainerRegistry/operations');
    const names = body.value.map(({ name }: { name: string }) => name);
    expect(names).toContain('Microsoft.ContainerRegistry/registries/listCredentials/action');
    expect(new Set(names).size).toBe(names.length);
  });
});
