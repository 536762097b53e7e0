import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skus } from '#lib/domain';
import { registryChanged } from '#lib/control';
import { TestManagement, type TestCaller } from '../testing/test-management.js';

let api: TestManagement;
let owner: TestCaller;
let group: string;
let serial = 0;

beforeAll(async () => {
  api = await TestManagement.start();
  owner = api.owner;
});
afterAll(() => api.stop());
beforeEach(async () => {
  group = await api.group();
});

const newName = () => `registry${String((serial += 1)).padStart(4, '0')}`;
const pathOf = (name: string, within = group) => `${within}/providers/Microsoft.ContainerRegistry/registries/${name}`;
const preview = { apiVersion: '2026-09-01-preview' };

/** What the worker would do: the registry is there. */
async function settle(name: string): Promise<void> {
  await api.control.transaction(async (store) => {
    const row = (await store.registries.byName(name))!;
    const operation = await store.operations.underWay(row.id);
    await store.registries.change(row, { provisioningState: 'Succeeded' });
    if (operation) await store.operations.succeed(operation.id);
  });
}

async function make(sku = 'Premium', more: object = {}, options = {}): Promise<string> {
  const path = pathOf(newName());
  const reply = await owner.arm.put(path, { location: 'eastus', sku: { name: sku }, ...more }, options);
  expect(reply, reply.text).toMatchObject({ status: 201 });
  await settle(path.split('/').at(-1)!);
  return path;
}

describe('creating a registry', () => {
  it('answers 201 with every default spelled out and an operation to follow', async () => {
    const name = newName();
    // As people write it; documented is the one true form.
    const reply = await owner.arm.put(pathOf(name), { location: 'East US', sku: { name: 'Basic' } }, { invalidRequest: true });
    expect(reply.status).toBe(201);
    expect(reply.headers['azure-asyncoperation']).toMatch(
      new RegExp(`/registries/${name}/operationStatuses/registries-[0-9a-f-]{36}\\?api-version=2025-11-01`),
    );
    expect(reply.headers['etag']).toBeTruthy();
    expect(reply.body).toMatchObject({
      id: expect.stringMatching(new RegExp(`/resourceGroups/.+/providers/Microsoft.ContainerRegistry/registries/${name}$`)),
      name,
      type: 'Microsoft.ContainerRegistry/registries',
      location: 'eastus',
      tags: {},
      sku: { name: 'Basic', tier: 'Basic' },
      systemData: { createdByType: 'Application' },
      properties: {
        loginServer: `${name}.localhost:5443`,
        provisioningState: 'Creating',
        adminUserEnabled: false,
        policies: {
          quarantinePolicy: { status: 'disabled' },
          trustPolicy: { type: 'Notary', status: 'disabled' },
          retentionPolicy: { days: 7, status: 'disabled', lastUpdatedTime: expect.any(String) },
          exportPolicy: { status: 'enabled' },
          azureADAuthenticationAsArmPolicy: { status: 'enabled' },
        },
        encryption: { status: 'disabled' },
        dataEndpointEnabled: false,
        dataEndpointHostNames: [],
        privateEndpointConnections: [],
        publicNetworkAccess: 'Enabled',
        networkRuleBypassOptions: 'AzureServices',
        networkRuleBypassAllowedForTasks: false,
        zoneRedundancy: 'Disabled',
        anonymousPullEnabled: false,
        roleAssignmentMode: 'LegacyRegistryPermissions',
      },
    });
    const status = await owner.arm.get(reply.headers['azure-asyncoperation']!);
    expect(status.body).toMatchObject({ status: 'Creating' });
    expect((await owner.arm.get(pathOf(name))).body.properties.provisioningState).toBe('Creating');
    await settle(name);
    expect((await owner.arm.ended(reply)).body).toMatchObject({ status: 'Succeeded' });
  });

  it('answers a PUT that changes nothing with 200 and nothing to wait for', async () => {
    const path = await make('Standard', { tags: { a: '1' } });
    const before = await owner.arm.get(path);
    const again = await owner.arm.put(path, { location: 'eastus', sku: { name: 'Standard' }, tags: { a: '1' } });
    expect(again.status).toBe(200);
    expect(again.headers['azure-asyncoperation']).toBeUndefined();
    expect(again.body).toEqual(before.body);
    expect(again.headers['etag']).toBe(before.headers['etag']);
  });

  it('takes back what it gave out', async () => {
    const path = await make('Premium', {
      properties: { anonymousPullEnabled: true, policies: { retentionPolicy: { days: 3, status: 'enabled' } } },
    });
    const before = await owner.arm.get(path);
    const again = await owner.arm.put(path, before.body);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(before.body);
  });

  it('takes a null in a PUT for nothing said', async () => {
    const path = pathOf(newName());
    const body = {
      location: 'eastus',
      sku: { name: 'Basic' },
      tags: null,
      identity: null,
      properties: { networkRuleSet: null, encryption: null },
    };
    const reply = await owner.arm.put(path, body, { invalidRequest: true });
    expect(reply).toMatchObject({ status: 201, body: { tags: {}, properties: { encryption: { status: 'disabled' } } } });
  });

  it('makes one registry of ten equal requests at once', async () => {
    const path = pathOf(newName());
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => owner.arm.put(path, { location: 'eastus', sku: { name: 'Basic' } })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    const ids = new Set(replies.map(({ body }) => body.properties.creationDate));
    expect(ids.size).toBe(1);
  });

  it('gives a name to one of two groups that ask for it at once', async () => {
    const name = newName();
    const other = await api.group();
    const body = { location: 'eastus', sku: { name: 'Basic' } };
    const replies = await Promise.all([owner.arm.put(pathOf(name), body), owner.arm.put(pathOf(name.toUpperCase(), other), body)]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(replies.find(({ status }) => status === 409)!.body.error).toMatchObject({
      code: 'RegistryNameAlreadyInUse',
      message: expect.stringContaining('is already in use. You can check if the name is already claimed'),
    });
  });

  it('knows a registry by its name in any case, and keeps the case last given', async () => {
    const path = await make();
    const name = path.split('/').at(-1)!;
    const upper = pathOf(name.toUpperCase());
    expect((await owner.arm.get(upper)).body.name).toBe(name);
    expect((await owner.arm.put(upper, { location: 'eastus', sku: { name: 'Premium' } })).body).toMatchObject({
      name: name.toUpperCase(),
      properties: { loginServer: `${name}.localhost:5443` },
    });
  });

  it('gives a registry with a domain name label scope a login server nobody else inherits', async () => {
    const properties = { autoGeneratedDomainNameLabelScope: 'TenantReuse' };
    const path = await make('Basic', { properties }, preview);
    const { body } = await owner.arm.get(path, preview);
    expect(body.properties.loginServer).toMatch(new RegExp(`^${body.name}-[a-z0-9]{16}\\.localhost:5443$`));
    const changed = await owner.arm.put(
      path,
      { location: 'eastus', sku: { name: 'Basic' }, properties: { autoGeneratedDomainNameLabelScope: 'Unsecure' } },
      preview,
    );
    expect(changed).toMatchObject({ status: 409, body: { error: { target: 'properties.autoGeneratedDomainNameLabelScope' } } });
    expect((await owner.arm.put(path, { location: 'eastus', sku: { name: 'Basic' } }, preview)).status).toBe(200);
  });
});

describe('every property', () => {
  const subnet = '/subscriptions/a/resourceGroups/b/providers/Microsoft.Network/virtualNetworks/c/subnets/d';
  const everything = {
    adminUserEnabled: true,
    networkRuleSet: {
      defaultAction: 'Deny',
      ipRules: [
        { action: 'Allow', value: '203.0.113.7' },
        { action: 'Allow', value: '198.51.100.0/24' },
      ],
      virtualNetworkRules: [{ action: 'Allow', id: subnet }],
    },
    policies: {
      quarantinePolicy: { status: 'enabled' },
      trustPolicy: { type: 'Notary', status: 'enabled' },
      retentionPolicy: { days: 0, status: 'enabled' },
      exportPolicy: { status: 'disabled' },
      azureADAuthenticationAsArmPolicy: { status: 'disabled' },
      softDeletePolicy: { retentionDays: 90, status: 'enabled' },
    },
    encryption: { status: 'disabled', keyVaultProperties: { keyIdentifier: 'https://vault.example/keys/one', identity: 'client' } },
    dataEndpointEnabled: true,
    publicNetworkAccess: 'Disabled',
    networkRuleBypassOptions: 'None',
    networkRuleBypassAllowedForTasks: true,
    zoneRedundancy: 'Enabled',
    anonymousPullEnabled: true,
    roleAssignmentMode: 'AbacRepositoryPermissions',
    metadataSearch: 'Enabled',
    regionalEndpoints: 'Enabled',
    endpointProtocol: 'IPv4AndIPv6',
    writableCacheRepos: 'Enabled',
    autoGeneratedDomainNameLabelScope: 'TenantReuse',
  };

  it('is stored and comes back as it was written, with the host names that follow from it', async () => {
    const path = await make('Premium', { properties: everything }, preview);
    const { body } = await owner.arm.get(path, preview);
    expect(body.properties).toMatchObject(everything);
    const label = body.properties.loginServer.split('.')[0];
    expect(body.properties).toMatchObject({
      dataEndpointHostNames: [`${label}.eastus.data.localhost:5443`],
      regionalEndpointHostNames: [`${label}.eastus.geo.localhost:5443`],
    });
    expect((await owner.arm.put(path, body, preview)).body).toEqual(body);
  });

  it('stays as it is when a client of an older version puts back what it sees', async () => {
    const path = await make('Premium', { properties: everything }, preview);
    for (const apiVersion of ['2017-03-01', '2019-05-01', '2023-07-01', '2023-11-01-preview', '2025-11-01']) {
      const seen = (await owner.arm.get(path, { apiVersion })).body;
      const put = await owner.arm.put(path, { ...seen, tags: { apiVersion } }, { apiVersion });
      expect(put).toMatchObject({ status: 200, body: { tags: { apiVersion } } });
      expect((await owner.arm.patch(path, { properties: { adminUserEnabled: true } }, { apiVersion })).status).toBe(200);
    }
    expect((await owner.arm.get(path, preview)).body.properties).toMatchObject(everything);
  });
});

describe('the network rules', () => {
  it('are there in Premium, and absent below it, where there are none', async () => {
    const path = await make('Premium');
    const rules = { defaultAction: 'Allow', ipRules: [] };
    expect((await owner.arm.get(path)).body.properties.networkRuleSet).toEqual(rules);
    for (const name of ['Standard', 'Basic']) {
      const lowered = await owner.arm.patch(path, { sku: { name } });
      expect(lowered.body.properties).not.toHaveProperty('networkRuleSet');
      expect((await owner.arm.put(path, lowered.body)).status).toBe(200);
    }
    expect((await owner.arm.patch(path, { sku: { name: 'Premium' } })).body.properties.networkRuleSet).toEqual(rules);
  });
});

describe('what is refused, and changes nothing', () => {
  const assigned = '/subscriptions/a/resourceGroups/b/providers/Microsoft.ManagedIdentity/userAssignedIdentities/c';
  const valid = { location: 'eastus', sku: { name: 'Premium' } };

  it.each<[string, unknown, number, string, RegExp]>([
    ['no body', undefined, 400, 'InvalidRequestContent', /JSON object/],
    ['no location', { sku: { name: 'Basic' } }, 400, 'LocationRequired', /location/],
    [
      'a location that is no region of the installation',
      { ...valid, location: 'marsnorth' },
      400,
      'LocationNotAvailableForResourceType',
      /eastus/,
    ],
    ['no SKU', { location: 'eastus' }, 400, 'InvalidParameter', /sku/],
    ['an unknown SKU', { ...valid, sku: { name: 'Gold' } }, 400, 'InvalidParameter', /Premium/],
    ['the SKU Classic', { ...valid, sku: { name: 'Classic' } }, 400, 'SkuNotSupported', /no longer supported/],
    ['51 tags', { ...valid, tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ''])) }, 400, 'InvalidParameter', /50/],
    ['a tag name of 513 characters', { ...valid, tags: { ['a'.repeat(513)]: '' } }, 400, 'InvalidParameter', /512/],
    ['a tag value of 257 characters', { ...valid, tags: { a: 'b'.repeat(257) } }, 400, 'InvalidParameter', /256/],
    ['a tag name with a slash', { ...valid, tags: { 'a/b': '' } }, 400, 'InvalidParameter', /\//],
    ['the same tag in two cases', { ...valid, tags: { a: '1', A: '2' } }, 400, 'InvalidParameter', /twice/],
    ['a tag that is no text', { ...valid, tags: { a: 1 } }, 400, 'InvalidParameter', /tags/],
    ['a text for a boolean', { ...valid, properties: { adminUserEnabled: 'yes' } }, 400, 'InvalidParameter', /adminUserEnabled/],
    [
      'a policy status nobody knows',
      { ...valid, properties: { policies: { exportPolicy: { status: 'off' } } } },
      400,
      'InvalidParameter',
      /exportPolicy\.status/,
    ],
    ['366 days of retention', { ...valid, properties: { policies: { retentionPolicy: { days: 366 } } } }, 400, 'InvalidParameter', /365/],
    [
      'half a day of retention',
      { ...valid, properties: { policies: { retentionPolicy: { days: 0.5 } } } },
      400,
      'InvalidParameter',
      /days/,
    ],
    [
      'an IPv6 rule',
      { ...valid, properties: { networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '::1' }] } } },
      400,
      'InvalidParameter',
      /IPv4/,
    ],
    [
      'a CIDR range of 33 bits',
      { ...valid, properties: { networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '1.2.3.4/33' }] } } },
      400,
      'InvalidParameter',
      /IPv4/,
    ],
    [
      '201 IP rules',
      { ...valid, properties: { networkRuleSet: { ipRules: Array.from({ length: 201 }, (_, i) => ({ value: `1.2.3.${i}` })) } } },
      409,
      'SkuLimitReached',
      /200/,
    ],
    [
      'a disabled export policy with public access',
      { ...valid, properties: { policies: { exportPolicy: { status: 'disabled' } } } },
      400,
      'InvalidParameter',
      /publicNetworkAccess/,
    ],
    [
      'a key to encrypt with, since nothing here would use it',
      {
        ...valid,
        properties: { encryption: { status: 'enabled', keyVaultProperties: { keyIdentifier: 'https://k/keys/a', identity: 'x' } } },
      },
      400,
      'InvalidParameter',
      /customer-managed keys are not supported.*encryption\.status must be disabled/i,
    ],
    [
      'a user-assigned identity that does not exist',
      { ...valid, identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [assigned]: {} } } },
      400,
      'InvalidParameter',
      /userAssignedIdentities\/c' was not found.*SystemAssigned/,
    ],
    ['an identity without identities', { ...valid, identity: { type: 'UserAssigned' } }, 400, 'InvalidParameter', /at least one/],
    [
      'an identity nobody can be',
      { ...valid, identity: { type: 'UserAssigned', userAssignedIdentities: { me: {} } } },
      400,
      'InvalidParameter',
      /user-assigned identity/,
    ],
    ['a list for a body', [], 400, 'InvalidParameter', /object/],
  ])('refuses %s', async (_what, body, status, code, message) => {
    const name = newName();
    const reply = await owner.arm.put(pathOf(name), body);
    expect(reply, reply.text).toMatchObject({ status, body: { error: { code } } });
    expect(reply.body.error.message).toMatch(message);
    expect(await api.control.registries.byName(name)).toBeNull();
  });

  it.each(['abcd', 'a'.repeat(51), 'has-dash', 'has_underscore', 'ünïcode5', 'a.b.c.d', 'a%20b%20c'])(
    'refuses the name %s',
    async (name) => {
      const reply = await owner.arm.put(pathOf(name), valid);
      expect(reply).toMatchObject({ status: 400, body: { error: { code: 'InvalidResourceName' } } });
    },
  );

  it('refuses JSON that is none, and bodies that are no JSON', async () => {
    const path = pathOf(newName());
    expect(await owner.arm.request('PUT', path, { rawBody: '{"location": ' })).toMatchObject({
      status: 400,
      body: { error: { code: 'InvalidRequestContent' } },
    });
    expect(await owner.arm.request('PUT', path, { rawBody: 'a=b', headers: { 'content-type': 'application/xml' } })).toMatchObject({
      status: 415,
    });
  });

  it('refuses a missing, unknown or doubled api-version', async () => {
    const path = pathOf(newName());
    const codes = async (apiVersion: string | null, query = {}) =>
      (await owner.arm.put(path, valid, { apiVersion, query })).body.error.code;
    expect(await codes(null)).toBe('MissingApiVersionParameter');
    expect(await codes('2024-02-30')).toBe('NoRegisteredProviderFound');
    expect(await codes('latest')).toBe('NoRegisteredProviderFound');
  });

  it('refuses a registry in a group or subscription that is not there', async () => {
    const missing = await owner.arm.put(pathOf(newName(), `/subscriptions/${api.subscriptionId}/resourceGroups/nowhere`), valid);
    expect(missing).toMatchObject({ status: 404, body: { error: { code: 'ResourceGroupNotFound' } } });
    const foreign = await owner.arm.put(pathOf(newName(), '/subscriptions/7e8b0a7e-2a53-4c2c-9c52-3a0b0e9d7a11/resourceGroups/rg'), valid);
    expect(foreign.status).toBe(404);
  });

  it.each<[string, string, object]>([
    ['Basic', 'anonymousPull', { anonymousPullEnabled: true }],
    ['Standard', 'dataEndpoints', { dataEndpointEnabled: true }],
    ['Standard', 'privateLink', { publicNetworkAccess: 'Disabled' }],
    ['Basic', 'ipAccessRules', { networkRuleSet: { defaultAction: 'Deny' } }],
    ['Standard', 'ipAccessRules', { networkRuleSet: { defaultAction: 'Allow', ipRules: [{ value: '203.0.113.0/24' }] } }],
    ['Standard', 'retentionPolicy', { policies: { retentionPolicy: { status: 'enabled' } } }],
    ['Standard', 'contentTrust', { policies: { trustPolicy: { status: 'enabled' } } }],
  ])('refuses a %s registry %s', async (sku, feature, properties) => {
    const reply = await owner.arm.put(pathOf(newName()), { location: 'eastus', sku: { name: sku }, properties });
    expect(reply, reply.text).toMatchObject({ status: 409, body: { error: { code: 'SkuNotSupported', target: feature } } });
    expect(reply.body.error.message).toContain('Premium');
  });

  it('refuses to move a registry, or to change what is fixed', async () => {
    const path = await make();
    const moved = await owner.arm.put(path, { location: 'westeurope', sku: { name: 'Premium' } });
    expect(moved).toMatchObject({ status: 409, body: { error: { code: 'InvalidResourceLocation' } } });
    for (const [verb, body] of [
      ['put', { ...valid, properties: { zoneRedundancy: 'Enabled' } }],
      ['patch', { properties: { zoneRedundancy: 'Enabled' } }],
    ] as const) {
      expect(await owner.arm[verb](path, body)).toMatchObject({ status: 409, body: { error: { target: 'properties.zoneRedundancy' } } });
    }
    const state = await owner.arm.put(path, { ...valid, properties: { provisioningState: 'Failed' } });
    expect(state).toMatchObject({ status: 400, body: { error: { target: 'properties.provisioningState' } } });
  });
});

describe('changing a registry', () => {
  it('changes what a PATCH names, removes what is null, and leaves the rest', async () => {
    const path = await make('Premium', {
      tags: { a: '1' },
      properties: { adminUserEnabled: true, policies: { retentionPolicy: { days: 30, status: 'enabled' } } },
    });
    const reply = await owner.arm.patch(path, {
      tags: { b: '2' },
      properties: { networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '1.2.3.4' }] } },
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      tags: { b: '2' },
      properties: {
        provisioningState: 'Succeeded',
        adminUserEnabled: true,
        networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '1.2.3.4' }] },
        policies: { retentionPolicy: { days: 30, status: 'enabled' } },
      },
    });
    expect(reply.body.tags).not.toHaveProperty('a');
    // The published schema knows no null; RFC 7396 does.
    const nulls = { tags: null, properties: { networkRuleSet: null, adminUserEnabled: null } };
    expect((await owner.arm.patch(path, nulls, { invalidRequest: true })).status).toBe(200);
    expect((await owner.arm.get(path)).body).toMatchObject({
      tags: {},
      properties: { adminUserEnabled: false, networkRuleSet: { defaultAction: 'Allow', ipRules: [] } },
    });
  });

  it('puts defaults where a PUT names nothing', async () => {
    const path = await make('Premium', { tags: { a: '1' }, properties: { adminUserEnabled: true } });
    const { body } = await owner.arm.put(path, { location: 'eastus', sku: { name: 'Premium' } });
    expect(body).toMatchObject({ tags: {}, properties: { adminUserEnabled: false } });
  });

  it('loses no update of many at once', async () => {
    const path = await make();
    const changes = [
      { adminUserEnabled: true },
      { anonymousPullEnabled: true },
      { dataEndpointEnabled: true },
      { networkRuleBypassOptions: 'None' },
    ];
    const replies = await Promise.all(changes.map((properties) => owner.arm.patch(path, { properties })));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await owner.arm.get(path)).body.properties).toMatchObject(Object.assign({}, ...changes));
  });

  it('refuses a write that was made for another state', async () => {
    const path = await make();
    const { headers } = await owner.arm.get(path);
    const first = await owner.arm.patch(path, { tags: { a: '1' } }, { headers: { 'if-match': headers['etag']! } });
    expect(first.status).toBe(200);
    const second = await owner.arm.patch(path, { tags: { a: '2' } }, { headers: { 'if-match': headers['etag']! } });
    expect(second).toMatchObject({ status: 412, body: { error: { code: 'PreconditionFailed' } } });
    const stillThere = await owner.arm.delete(path, { headers: { 'if-match': headers['etag']! } });
    expect(stillThere.status).toBe(412);
    const noNew = await owner.arm.put(path, { location: 'eastus', sku: { name: 'Premium' } }, { headers: { 'if-none-match': '*' } });
    expect(noNew.status).toBe(412);
  });

  it('tells every process of a change', async () => {
    const heard: string[] = [];
    const path = await make();
    const { Broadcast } = await import('#lib/platform');
    const stop = await api.app.get(Broadcast, { strict: false }).subscribe(registryChanged, (name) => void heard.push(name));
    await owner.arm.patch(path, { tags: { a: '1' } });
    await expect.poll(() => heard).toEqual([path.split('/').at(-1)]);
    stop();
  });

  it('does nothing for a registry that is not there', async () => {
    const path = pathOf(newName());
    for (const reply of [
      await owner.arm.get(path),
      await owner.arm.patch(path, { tags: {} }),
      await owner.arm.post(`${path}/listCredentials`),
    ]) {
      expect(reply).toMatchObject({
        status: 404,
        body: { error: { code: 'ResourceNotFound', message: expect.stringContaining('under resource group') } },
      });
    }
    expect((await owner.arm.delete(path)).status).toBe(204);
  });

  it('keeps a managed identity as long as it lasts', async () => {
    const assigned = '/subscriptions/a/resourceGroups/b/providers/Microsoft.ManagedIdentity/userAssignedIdentities/c';
    const path = await make('Premium', { identity: { type: 'SystemAssigned' } });
    const before = (await owner.arm.get(path)).body.identity;
    expect(before).toEqual({ type: 'SystemAssigned', principalId: expect.any(String), tenantId: api.tenantId });
    const changed = (await owner.arm.patch(path, { identity: { type: 'SystemAssigned', userAssignedIdentities: { [assigned]: {} } } }))
      .status;
    expect(changed).toBe(400);
    expect((await owner.arm.patch(path, { tags: { a: 'b' } })).body.identity).toEqual(before);
    expect((await owner.arm.patch(path, { identity: { type: 'None' } })).body.identity).toEqual({ type: 'None' });
  });
});

describe('changing the SKU', () => {
  it('goes up and down as long as everything fits', async () => {
    const path = await make('Basic');
    for (const name of ['Premium', 'Standard', 'Premium', 'Basic']) {
      expect((await owner.arm.patch(path, { sku: { name } })).body.sku).toEqual({ name, tier: name });
    }
  });

  it('names everything that stands in the way of a lower SKU', async () => {
    const path = await make('Premium', {
      properties: {
        dataEndpointEnabled: true,
        anonymousPullEnabled: true,
        networkRuleSet: { defaultAction: 'Deny', ipRules: [{ value: '1.2.3.4' }] },
        policies: { retentionPolicy: { status: 'enabled' } },
      },
    });
    const reply = await owner.arm.patch(path, { sku: { name: 'Standard' } });
    expect(reply).toMatchObject({ status: 409, body: { error: { code: 'SkuDowngradeBlocked' } } });
    const { message, details } = reply.body.error;
    for (const word of [
      'dataEndpointEnabled',
      'networkRuleSet.defaultAction',
      'networkRuleSet.ipRules',
      'policies.retentionPolicy',
      'Standard',
    ])
      expect(message).toContain(word);
    expect(message).not.toContain('anonymousPull');
    expect(details.length).toBe(4);
    expect((await owner.arm.get(path)).body.sku.name).toBe('Premium');
  });

  it('goes down when the same request removes what stood in the way', async () => {
    const path = await make('Premium', { properties: { dataEndpointEnabled: true } });
    const reply = await owner.arm.patch(path, { sku: { name: 'Basic' }, properties: { dataEndpointEnabled: false } });
    expect(reply).toMatchObject({ status: 200, body: { sku: { name: 'Basic' } } });
  });

  it('lets a PUT with a lower SKU and defaults through, and refuses Classic', async () => {
    const path = await make('Premium', { properties: { dataEndpointEnabled: true } });
    expect((await owner.arm.put(path, { location: 'eastus', sku: { name: 'Basic' } })).status).toBe(200);
    expect(await owner.arm.patch(path, { sku: { name: 'Classic' } })).toMatchObject({
      status: 400,
      body: { error: { code: 'SkuNotSupported' } },
    });
  });
});

describe('the admin account', () => {
  it('shows no password while it is disabled', async () => {
    const path = await make('Basic');
    for (const reply of [
      await owner.arm.post(`${path}/listCredentials`),
      await owner.arm.post(`${path}/regenerateCredential`, { name: 'password' }),
    ]) {
      expect(reply).toMatchObject({
        status: 400,
        body: { error: { code: 'UnAuthorizedForCredentialOperations', message: expect.stringContaining('admin user is disabled') } },
      });
    }
  });

  it('has two passwords, of which one can be made new', async () => {
    const path = await make('Basic', { properties: { adminUserEnabled: true } });
    const before = (await owner.arm.post(`${path}/listCredentials`)).body;
    expect(before.username).toBe(path.split('/').at(-1));
    expect(before.passwords.map(({ name }: { name: string }) => name)).toEqual(['password', 'password2']);
    for (const { value } of before.passwords) expect(value).toMatch(/^[A-Za-z0-9]{52}$/);
    const after = (await owner.arm.post(`${path}/regenerateCredential`, { name: 'password2' })).body;
    expect(after.passwords[0]).toEqual(before.passwords[0]);
    expect(after.passwords[1].value).not.toBe(before.passwords[1].value);
    expect((await owner.arm.post(`${path}/listCredentials`)).body).toEqual(after);
    expect(await owner.arm.post(`${path}/regenerateCredential`, { name: 'password3' })).toMatchObject({ status: 400 });
    expect(await owner.arm.post(`${path}/regenerateCredential`)).toMatchObject({ status: 400 });
  });

  it('keeps passwords sealed in the database', async () => {
    const path = await make('Basic', { properties: { adminUserEnabled: true } });
    const { passwords } = (await owner.arm.post(`${path}/listCredentials`)).body;
    const rows = JSON.stringify(await api.db.dataSource.query('SELECT * FROM control.registries'));
    for (const { value } of passwords) expect(rows).not.toContain(value);
  });
});

describe('who may do what', () => {
  it('lets a Reader read, and not see passwords, write or delete', async () => {
    const path = await make('Basic', { properties: { adminUserEnabled: true } });
    const { arm } = await api.caller({ role: 'Reader', scope: path });
    expect((await arm.get(path)).status).toBe(200);
    expect((await arm.get(`${path}/listUsages`)).status).toBe(200);
    for (const reply of [
      await arm.post(`${path}/listCredentials`),
      await arm.post(`${path}/regenerateCredential`, { name: 'password' }),
      await arm.patch(path, { tags: {} }),
      await arm.put(path, { location: 'eastus', sku: { name: 'Basic' } }),
      await arm.delete(path),
    ]) {
      expect(reply).toMatchObject({ status: 403, body: { error: { code: 'AuthorizationFailed' } } });
    }
  });

  it('shows nothing to a stranger, nor to nobody', async () => {
    const path = await make();
    const { arm } = await api.caller();
    // What one may not see at all is not there.
    expect((await arm.get(path)).status).toBe(404);
    expect((await owner.arm.get(path, { token: null })).status).toBe(401);
  });
});

describe('lists', () => {
  it('pages the registries of a group and of the subscription, each once, in the order of names', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.push((await make('Basic')).split('/').at(-1)!);
    const path = pathOf('').replace(/\/$/, '');
    const pages = await owner.arm.pages(path);
    expect(pages.flat().map(({ name }) => name)).toEqual([...made].sort());
    const all = await owner.arm.pages(`/subscriptions/${api.subscriptionId}/providers/Microsoft.ContainerRegistry/registries`);
    const names = all.flat().map(({ name }) => name.toLowerCase());
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(expect.arrayContaining(made));
  });
});

describe('names', () => {
  const check = (body: unknown, options = {}) =>
    owner.arm.post(`/subscriptions/${api.subscriptionId}/providers/Microsoft.ContainerRegistry/checkNameAvailability`, body, options);
  const type = 'Microsoft.ContainerRegistry/registries';

  it('says whether a name is free', async () => {
    const name = (await make('Basic')).split('/').at(-1)!;
    expect((await check({ name: newName(), type })).body).toEqual({ nameAvailable: true });
    expect((await check({ name: name.toUpperCase(), type })).body).toEqual({
      nameAvailable: false,
      reason: 'AlreadyExists',
      message: `The registry ${name.toUpperCase()} is already in use.`,
    });
  });

  it('says why a name cannot be one', async () => {
    expect((await check({ name: 'no-dash', type }, { invalidRequest: true })).body).toMatchObject({
      nameAvailable: false,
      reason: 'Invalid',
    });
    expect(await check({ type })).toMatchObject({ status: 400 });
    expect(await check({ name: 'abcdef', type: 'Microsoft.Storage/accounts' })).toMatchObject({ status: 400 });
  });

  it('names the login server of a domain name label scope, in versions that know it', async () => {
    const name = newName();
    const { body } = await check({ name, type, autoGeneratedDomainNameLabelScope: 'SubscriptionReuse' }, preview);
    expect(body).toEqual({
      nameAvailable: true,
      availableLoginServerName: expect.stringMatching(new RegExp(`^${name}-[a-z0-9]{16}\\.localhost:5443$`)),
    });
    expect(await check({ name, type, autoGeneratedDomainNameLabelScope: 'ResourceGroupReuse' }, preview)).toMatchObject({ status: 400 });
  });
});

describe('usages', () => {
  it.each(['Basic', 'Standard', 'Premium'] as const)('counts what a %s registry has against its limits', async (sku) => {
    const ipRules = sku === 'Premium' ? [{ value: '1.2.3.4' }, { value: '5.6.7.0/24' }] : [];
    const path = await make(sku, { properties: { networkRuleSet: { defaultAction: 'Allow', ipRules } } });
    const { value } = (await owner.arm.get(`${path}/listUsages`)).body;
    const row = skus[sku];
    expect(value).toEqual([
      { name: 'Size', limit: row.includedStorage, currentValue: 0, unit: 'Bytes' },
      { name: 'Webhooks', limit: row.webhooks, currentValue: 0, unit: 'Count' },
      { name: 'Geo-replications', limit: row.geoReplications, currentValue: 1, unit: 'Count' },
      { name: 'IPRules', limit: row.ipRules, currentValue: ipRules.length, unit: 'Count' },
      { name: 'VNetRules', limit: row.virtualNetworkRules, currentValue: 0, unit: 'Count' },
      { name: 'PrivateEndpointConnections', limit: row.privateEndpoints, currentValue: 0, unit: 'Count' },
      { name: 'ScopeMaps', limit: row.scopeMaps, currentValue: 0, unit: 'Count' },
      { name: 'Tokens', limit: row.tokens, currentValue: 0, unit: 'Count' },
    ]);
  });
});

describe('storage', () => {
  const holding = async (path: string, bytes: number) => {
    const { id } = (await api.control.registries.byName(path.split('/').at(-1)!))!;
    await api.db.dataSource.query('INSERT INTO content.usage_shards (registry_id, shard, bytes) VALUES ($1, 0, $2)', [id, bytes]);
  };

  it('is counted in usages', async () => {
    const path = await make('Basic');
    await holding(path, 123_456_789);
    expect((await owner.arm.get(`${path}/listUsages`)).body.value[0]).toEqual({
      name: 'Size',
      limit: 10 * 1024 ** 3,
      currentValue: 123_456_789,
      unit: 'Bytes',
    });
  });

  it('stands in the way of a SKU that has less', async () => {
    const path = await make('Premium');
    await holding(path, 41 * 1024 ** 4);
    for (const reply of [
      await owner.arm.patch(path, { sku: { name: 'Standard' } }),
      await owner.arm.put(path, { location: 'eastus', sku: { name: 'Basic' } }),
    ]) {
      expect(reply).toMatchObject({ status: 409, body: { error: { code: 'SkuDowngradeBlocked' } } });
      expect(reply.body.error.message).toMatch(/45079976738816 bytes of storage are in use, and (Standard|Basic) allows 43980465111040/);
    }
    expect((await owner.arm.get(path)).body.sku.name).toBe('Premium');
  });
});

describe('deleting a registry', () => {
  it('answers 202 with something to follow, once and again, and refuses changes meanwhile', async () => {
    const path = await make('Basic');
    const first = await owner.arm.delete(path);
    const second = await owner.arm.delete(path);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.headers['location']).toBe(second.headers['location']);
    expect((await owner.arm.get(path)).body.properties.provisioningState).toBe('Deleting');
    expect(await owner.arm.patch(path, { tags: {} })).toMatchObject({
      status: 409,
      body: { error: { code: 'RegistryOperationInProgress' } },
    });
    expect(await owner.arm.put(path, { location: 'eastus', sku: { name: 'Basic' } })).toMatchObject({ status: 409 });
  });
});
