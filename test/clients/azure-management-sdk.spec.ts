import { randomBytes } from 'node:crypto';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientSecretCredential } from '@azure/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { trustLocalService } from '../support/local-names.js';
import { caOf, credentialsOf } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';

describe('the Azure SDK for management, as it comes from npm', () => {
  const unique = randomBytes(4).toString('hex');
  const group = `sdk-${unique}`;
  const name = `sdk${unique}`;
  let registries: ContainerRegistryManagementClient['registries'];
  let groups: ResourceManagementClient['resourceGroups'];

  beforeAll(async () => {
    const service = await sharedService();
    trustLocalService(caOf(service));
    const { tenantId, clientId, clientSecret, subscriptionId } = credentialsOf(service);
    const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
      authorityHost: service.managementUrl,
      disableInstanceDiscovery: true,
    });
    const options = { endpoint: service.managementUrl };
    registries = new ContainerRegistryManagementClient(credential, subscriptionId, options).registries;
    groups = new ResourceManagementClient(credential, subscriptionId, options).resourceGroups;
  });

  it('creates a resource group and, in it, a registry', async () => {
    expect(await groups.createOrUpdate(group, { location: 'westeurope', tags: { team: 'sdk' } })).toMatchObject({
      name: group,
      location: 'westeurope',
    });
    expect(await registries.checkNameAvailability({ name, type: 'Microsoft.ContainerRegistry/registries' })).toMatchObject({
      nameAvailable: true,
    });

    const created = await registries.create(group, name, { location: 'westeurope', sku: { name: 'Basic' }, tags: { stage: 'test' } });

    expect(created).toMatchObject({
      name,
      location: 'westeurope',
      type: 'Microsoft.ContainerRegistry/registries',
      sku: { name: 'Basic', tier: 'Basic' },
      tags: { stage: 'test' },
      provisioningState: 'Succeeded',
      adminUserEnabled: false,
    });
    expect(created.loginServer).toMatch(new RegExp(`^${name}\\.localhost`));
    expect(await registries.checkNameAvailability({ name, type: 'Microsoft.ContainerRegistry/registries' })).toMatchObject({
      nameAvailable: false,
      reason: 'AlreadyExists',
    });
  });

  it('gets it, and finds it in the lists of the group and of the subscription', async () => {
    expect(await registries.get(group, name)).toMatchObject({ name, sku: { name: 'Basic' } });
    const names = async (pages: AsyncIterable<{ name?: string }>): Promise<(string | undefined)[]> => {
      const found: (string | undefined)[] = [];
      for await (const one of pages) found.push(one.name);
      return found;
    };
    expect(await names(registries.listByResourceGroup(group))).toEqual([name]);
    expect(await names(registries.list())).toContain(name);
  });

  it('updates it and changes its SKU', async () => {
    const updated = await registries.update(group, name, { sku: { name: 'Premium' }, tags: { stage: 'prod' }, adminUserEnabled: true });
    expect(updated).toMatchObject({ sku: { name: 'Premium', tier: 'Premium' }, tags: { stage: 'prod' }, adminUserEnabled: true });
    expect(await registries.get(group, name)).toMatchObject({ sku: { name: 'Premium' }, tags: { stage: 'prod' }, adminUserEnabled: true });
  });

  it('lists the credentials and regenerates one of them', async () => {
    const before = await registries.listCredentials(group, name);
    expect(before.username).toBe(name);
    expect(before.passwords?.map((password) => password.name)).toEqual(['password', 'password2']);

    const after = await registries.regenerateCredential(group, name, { name: 'password2' });

    expect(after.passwords?.[0]?.value).toBe(before.passwords?.[0]?.value);
    expect(after.passwords?.[1]?.value).not.toBe(before.passwords?.[1]?.value);
    expect(await registries.listCredentials(group, name)).toEqual(after);
  });

  it('reads the usage', async () => {
    const { value } = await registries.listUsages(group, name);
    expect(value).toContainEqual(expect.objectContaining({ name: 'Size', unit: 'Bytes', currentValue: 0 }));
  });

  it('is told in the ARM way what is wrong', async () => {
    await expect(registries.create(group, 'no-hyphens-here', { location: 'westeurope', sku: { name: 'Basic' } })).rejects.toMatchObject({
      statusCode: 400,
      code: expect.any(String),
    });
    await expect(registries.get(group, 'absent12345')).rejects.toMatchObject({ statusCode: 404, code: 'ResourceNotFound' });
  });

  it('deletes the registry and then the group', async () => {
    await registries.delete(group, name);
    await expect(registries.get(group, name)).rejects.toMatchObject({ statusCode: 404 });
    await groups.beginDeleteAndWait(group);
    expect((await groups.checkExistence(group)).body).toBe(false);
  });
});
