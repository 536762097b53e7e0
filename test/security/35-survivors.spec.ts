import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '#lib/domain';
import { digestOf, imageOf, RegistryClient } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';

let registry: TestRegistry;

beforeAll(async () => {
  registry = await testRegistry('survivor');
});
afterAll(() => registry?.remove());

describe('A registry and a resource group that are deleted while they are used', () => {
  it('leave nothing to those that are created under their names: no role, upload, manifest, blob or byte', async () => {
    const { client, management, group, name } = registry;
    const created = await management.send('POST', '/regatta/v1/servicePrincipals', {
      subscriptionId: management.credentials.subscriptionId,
      displayName: 'survivor',
    });
    const { id: principalId } = created.json<{ id: string }>();
    const groupPath = `${management.subscription}/resourceGroups/${group}`;
    const scopes = [groupPath, management.registryPath(group, name)];
    const assignments = 'providers/Microsoft.Authorization/roleAssignments';
    const assign = (scope: string) =>
      management.send('PUT', `${scope}/${assignments}/${randomUUID()}?api-version=2022-04-01`, {
        properties: { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roles.Owner.id}`, principalId },
      });
    const blob = Buffer.from('survivor');
    await client.pushBlob('source', blob);
    const upload = await client.append(await client.startUpload('app'), Buffer.from('half'));

    const gone = new AbortController();
    const keepOn = async (work: () => Promise<unknown>) => {
      while (!gone.signal.aborted) await work().catch(() => undefined);
    };
    const busy = [
      ...scopes.map((scope) => keepOn(() => assign(scope))),
      keepOn(() => client.pushImage('app', 'late', imageOf([Buffer.from(randomUUID())]))),
      keepOn(() => client.startUpload('app')),
      keepOn(() => client.send('POST', `/v2/mounted/blobs/uploads/?mount=${digestOf(blob)}&from=source`)),
    ];
    const deleted = await management.send('DELETE', `${groupPath}?api-version=2024-11-01`);
    expect(deleted.status).toBe(202);
    await management.groupGone(group);
    gone.abort();
    await Promise.all(busy);

    await management.createRegistry(group, name);
    const fresh = new RegistryClient({ ...client.registry, password: await management.adminPassword(group, name) });
    for (const scope of scopes) {
      const { value } = (await management.send('GET', `${scope}/${assignments}?api-version=2022-04-01`)).json<{
        value: { properties: { principalId: string } }[];
      }>();
      expect(value.filter(({ properties }) => properties.principalId === principalId)).toEqual([]);
    }
    expect((await fresh.send('GET', '/v2/_catalog')).json()).toEqual({ repositories: [] });
    expect((await fresh.send('GET', upload)).status).toBe(404);
    expect((await fresh.manifest('app', 'late')).status).toBe(404);
    expect((await fresh.blob('source', digestOf(blob))).status).toBe(404);
    expect(await management.usedBytes(group, name)).toBe(0);
    expect((await client.manifest('app', 'late')).status).toBe(401);
    await management.send('DELETE', `/regatta/v1/servicePrincipals/${principalId}`);
  });
});
