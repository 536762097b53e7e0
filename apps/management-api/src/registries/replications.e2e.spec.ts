import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestManagement } from '../testing/test-management.js';

let api: TestManagement;
let group: string;
let serial = 0;

beforeAll(async () => {
  api = await TestManagement.start();
  group = await api.group();
});
afterAll(() => api?.stop());

async function make(sku: string, properties: object = {}): Promise<string> {
  const name = `replicas${String((serial += 1)).padStart(3, '0')}`;
  const path = `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`;
  const reply = await api.owner.arm.put(path, { location: 'westeurope', sku: { name: sku }, properties });
  expect(reply.status, reply.text).toBe(201);
  await api.control.transaction(async (store) => {
    await store.registries.change((await store.registries.byName(name))!, { provisioningState: 'Succeeded' });
  });
  return path;
}

const get = (path: string, apiVersion = '2025-11-01') => api.owner.arm.get(path, { apiVersion });

describe('the replications of a registry', () => {
  it.each(['Disabled', 'Enabled'])('are the home region of a Premium one (zone redundancy %s)', async (zoneRedundancy) => {
    const path = await make('Premium', { zoneRedundancy });
    const home = {
      id: `${path}/replications/westeurope`,
      name: 'westeurope',
      type: 'Microsoft.ContainerRegistry/registries/replications',
      location: 'westeurope',
      tags: {},
      systemData: expect.objectContaining({ createdByType: 'Application' }),
      properties: {
        provisioningState: 'Succeeded',
        status: { displayStatus: 'Ready', message: 'The replication is ready.', timestamp: expect.any(String) },
        regionEndpointEnabled: true,
        zoneRedundancy,
      },
    };
    expect(await get(`${path}/replications`)).toMatchObject({ status: 200, body: { value: [home] } });
    expect((await get(`${path}/replications/WestEurope`)).body).toEqual(home);
  });

  it.each(['Basic', 'Standard'])('are none of a %s one', async (sku) => {
    const path = await make(sku);
    expect((await get(`${path}/replications`)).body).toEqual({ value: [] });
    expect(await get(`${path}/replications/westeurope`)).toMatchObject({ status: 404, body: { error: { code: 'ResourceNotFound' } } });
  });

  it('show what their api-version knows', async () => {
    const path = await make('Premium');
    const { body } = await get(`${path}/replications/westeurope`, '2017-10-01');
    expect(Object.keys(body.properties)).toEqual(['provisioningState', 'status']);
  });

  it('are 404 where there is no registry, and in a region it does not live in', async () => {
    const path = await make('Premium');
    expect((await get(`${path}/replications/eastus`)).status).toBe(404);
    expect((await get(`${path}x/replications`)).status).toBe(404);
    expect((await get(`${path}x/replications/westeurope`)).status).toBe(404);
  });
});

describe('private link of a registry', () => {
  it('has no connection', async () => {
    const path = await make('Premium');
    expect((await get(`${path}/privateEndpointConnections`)).body).toEqual({ value: [] });
    expect(await get(`${path}/privateEndpointConnections/mine`)).toMatchObject({
      status: 404,
      body: { error: { code: 'ResourceNotFound' } },
    });
    expect((await get(`${path}x/privateEndpointConnections`)).status).toBe(404);
  });

  it('has one group to connect to', async () => {
    const path = await make('Premium');
    const registry = {
      id: `${path}/privateLinkResources/registry`,
      name: 'registry',
      type: 'Microsoft.ContainerRegistry/registries/privateLinkResources',
      properties: {
        groupId: 'registry',
        requiredMembers: ['registry', 'registry_data_westeurope'],
        requiredZoneNames: ['privatelink.localhost'],
      },
    };
    expect((await get(`${path}/privateLinkResources`)).body).toEqual({ value: [registry] });
    expect((await get(`${path}/privateLinkResources/registry`)).body).toEqual(registry);
    expect((await get(`${path}/privateLinkResources/other`)).status).toBe(404);
  });
});
