import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '#lib/domain';
import { Principals } from '#lib/identity';
import { ArmClient } from '#lib/testkit';
import { TestManagement } from '../../testing/test-management.js';

let management: TestManagement;
let subscription: string;
let group: string;
// Microsoft.Authorization is not in the published ACR contract: a client that judges by our own document alone.
let owner: ArmClient;
const options = { apiVersion: '2022-04-01' };

beforeAll(async () => {
  management = await TestManagement.start();
  subscription = `/subscriptions/${management.subscriptionId}`;
  group = await management.group('Team');
  owner = new ArmClient({ baseUrl: management.baseUrl, token: management.owner.token, contracts: [management.contract] });
});
afterAll(() => management?.stop());

const at = (scope: string, name = ''): string => `${scope}/providers/Microsoft.Authorization/roleAssignments${name && `/${name}`}`;
const definition = (role: keyof typeof roles): string =>
  `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roles[role].id}`;
const bodyOf = (role: keyof typeof roles, principalId: string, more: object = {}) => ({
  properties: { roleDefinitionId: definition(role), principalId, principalType: 'ServicePrincipal', ...more },
});

describe('an Owner', () => {
  it('finds a role by its name, as az does, at any scope', async () => {
    for (const scope of ['', subscription, group]) {
      const path = `${scope}/providers/Microsoft.Authorization/roleDefinitions`;
      const { status, body } = await owner.get(path, { ...options, query: { $filter: "roleName eq 'acrpull'" } });
      expect(status).toBe(200);
      expect(body.value).toHaveLength(1);
      expect(body.value[0]).toMatchObject({ name: roles.AcrPull.id, properties: { roleName: 'AcrPull', type: 'BuiltInRole' } });
      expect((await owner.get(`${path}/${roles.AcrPull.id}`, options)).status).toBe(200);
      expect((await owner.get(`${path}/${randomUUID()}`, options)).body.error.code).toBe('RoleDefinitionDoesNotExist');
    }
  });

  it('gives a role, and the other may at once; takes it, and may no more', async () => {
    const { arm, principalId } = await management.caller();
    const name = randomUUID();
    const read = () => arm.get(group, { apiVersion: '2024-03-01' });
    expect((await read()).status).toBe(404);
    const { status, body } = await owner.put(at(group, name), bodyOf('Reader', principalId, { description: 'for the audit' }), options);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: at(group, name),
      name,
      properties: {
        principalId,
        scope: group,
        roleDefinitionId: definition('Reader'),
        createdBy: management.owner.principalId,
        description: 'for the audit',
      },
    });
    expect((await read()).status).toBe(200);
    expect((await owner.get(at(group, name), options)).body).toEqual(body);
    expect((await owner.delete(at(group, name), options)).status).toBe(200);
    expect((await owner.delete(at(group, name), options)).status).toBe(204);
    expect((await read()).status).toBe(404);
  });

  it('may say the same twice, but not turn an assignment into another, nor give a role twice', async () => {
    const { principalId } = await management.caller();
    const name = randomUUID();
    const put = (as: string, body: object) => owner.put(at(group, as), body, options);
    expect((await put(name, bodyOf('AcrPull', principalId))).status).toBe(201);
    const again = await put(name, bodyOf('AcrPull', principalId, { description: 'why' }));
    expect([again.status, again.body.properties.description]).toEqual([200, 'why']);
    expect((await put(name, bodyOf('AcrPush', principalId))).body.error.code).toBe('RoleAssignmentUpdateNotPermitted');
    const twice = await put(randomUUID(), bodyOf('AcrPull', principalId));
    expect([twice.status, twice.body.error.code]).toEqual([409, 'RoleAssignmentExists']);
    expect(twice.body.error.message).toContain(name.replaceAll('-', ''));
  });

  it('lists what holds at a scope, above and below it', async () => {
    const { principalId } = await management.caller({ role: 'Reader', scope: subscription }, { role: 'AcrPull', scope: group });
    const names = async (scope: string, filter: string) => {
      const { body } = await owner.get(at(scope), { ...options, query: { $filter: filter } });
      return body.value.map((one: { properties: { scope: string } }) => one.properties.scope).toSorted();
    };
    expect(await names(subscription, `principalId eq '${principalId}'`)).toEqual([subscription, group]);
    expect(await names(subscription, `atScope() and assignedTo('${principalId}')`)).toEqual([subscription]);
    expect(await names(group, `atScope() and assignedTo('${principalId}')`)).toEqual([subscription, group]);
  });

  it('turns pages', async () => {
    const { body: all } = await owner.get(at(subscription), options);
    const seen: string[] = [];
    let path: string | undefined = `${at(subscription)}?$top=2`;
    while (path !== undefined) {
      const { body }: { body: { value: { name: string }[]; nextLink?: string } } = await owner.get(
        path,
        path.includes('api-version') ? { apiVersion: null } : options,
      );
      seen.push(...body.value.map((one) => one.name));
      path = body.nextLink?.replace(management.baseUrl, '');
    }
    expect(seen).toEqual(all.value.map((one: { name: string }) => one.name));
    expect(seen.length).toBeGreaterThan(2);
  });

  it('cannot take the last Owner away', async () => {
    const { body } = await owner.get(at(subscription), {
      ...options,
      query: { $filter: `atScope() and principalId eq '${management.owner.principalId}'` },
    });
    const { status } = await owner.delete(body.value[0].id, options);
    expect(status).toBe(409);
  });
});

describe('nobody', () => {
  it('gives roles who may not', async () => {
    for (const role of ['Contributor', 'Reader', 'AcrPush'] as const) {
      const { arm, principalId } = await management.caller({ role, scope: subscription });
      const { status, body } = await arm.put(at(subscription, randomUUID()), bodyOf('Owner', principalId), options);
      expect([status, body.error.code]).toEqual([403, 'AuthorizationFailed']);
    }
  });

  it('gives roles above where they may', async () => {
    const { arm, principalId } = await management.caller({ role: 'Owner', scope: group });
    expect((await arm.put(at(group, randomUUID()), bodyOf('AcrPull', principalId), options)).status).toBe(201);
    expect((await arm.put(at(subscription, randomUUID()), bodyOf('AcrPull', principalId), options)).status).toBe(403);
  });

  it('takes away by its name what lies in another scope', async () => {
    const { arm } = await management.caller({ role: 'Owner', scope: group });
    const { principalId } = await management.caller();
    const name = randomUUID();
    await owner.put(at(subscription, name), bodyOf('Reader', principalId), options);
    expect((await arm.delete(at(group, name), options)).status).toBe(204);
    expect((await arm.get(at(group, name), options)).status).toBe(404);
    expect((await owner.get(at(subscription, name), options)).status).toBe(200);
  });

  it('gets a role who is not there, or of another tenant', async () => {
    const { principal } = await management.app
      .get(Principals, { strict: false })
      .create({ tenantId: randomUUID(), displayName: 'foreign' });
    for (const id of [randomUUID(), principal.id]) {
      const { status, body } = await owner.put(at(group, randomUUID()), bodyOf('AcrPull', id), options);
      expect([status, body.error.code]).toEqual([400, 'PrincipalNotFound']);
    }
  });

  it('gets a role that is none, at a registry that is none, or on a condition', async () => {
    const { principalId } = await management.caller();
    const put = (scope: string, body: object, name: string = randomUUID()) => owner.put(at(scope, name), body, options);
    const strange = { properties: { roleDefinitionId: `/x/${randomUUID()}`, principalId } };
    expect((await put(group, strange)).body.error.code).toBe('RoleDefinitionDoesNotExist');
    const nowhere = `${group}/providers/Microsoft.ContainerRegistry/registries/nowhere`;
    expect((await put(nowhere, bodyOf('AcrPull', principalId))).body.error.code).toBe('ResourceNotFound');
    expect((await put(`${subscription}/resourceGroups/none`, bodyOf('AcrPull', principalId))).body.error.code).toBe(
      'ResourceGroupNotFound',
    );
    expect((await put(group, bodyOf('AcrPull', principalId, { condition: 'true' }))).status).toBe(400);
    expect((await put(group, bodyOf('AcrPull', principalId), 'not-a-guid')).status).toBe(400);
    expect((await put(group, { properties: {} })).status).toBe(400);
  });

  it('deletes by a name that is no GUID, or reads roles at a registry that is none', async () => {
    for (const scope of [subscription, group]) {
      const { status, body } = await owner.delete(at(scope, 'not-a-guid'), options);
      expect([status, body.error.code]).toEqual([400, 'InvalidParameter']);
    }
    for (const name of ['nowhere', 'x'.repeat(51)]) {
      const path = `${group}/providers/Microsoft.ContainerRegistry/registries/${name}/providers/Microsoft.Authorization/roleDefinitions`;
      for (const one of [path, `${path}/${roles.AcrPull.id}`])
        expect((await owner.get(one, options)).body.error.code).toBe('ResourceNotFound');
    }
  });

  it('filters by what is not understood', async () => {
    for (const $filter of ["x eq 'y'", "principalId eq 'z'", 'atScope(', "principalId eq '1' or 1=1"]) {
      const { status } = await owner.get(at(group), { ...options, query: { $filter } });
      expect(status).toBe(400);
    }
  });
});

describe('a registry or resource group that is being deleted', () => {
  const assign = (scope: string, principalId: string) => owner.put(at(scope, randomUUID()), bodyOf('AcrPull', principalId), options);

  it('takes no role; what is there carries the id of its row', async () => {
    const doomed = await management.group();
    const registry = `${doomed}/providers/Microsoft.ContainerRegistry/registries/going${randomUUID().slice(0, 8)}`;
    const { principalId } = await management.caller();
    await management.owner.arm.put(registry, { location: 'eastus', sku: { name: 'Basic' } });
    for (const scope of [doomed, registry]) expect((await assign(scope, principalId)).status).toBe(201);
    const rows = await management.db.dataSource.query(`SELECT resource_id FROM identity.role_assignments WHERE principal_id = $1`, [
      principalId,
    ]);
    const row = await management.control.registries.byName(registry.split('/').at(-1)!);
    const groupRow = await management.control.resourceGroups.byName(management.subscriptionId, doomed.split('/').at(-1)!);
    expect(new Set(rows.map((one: { resource_id: string }) => one.resource_id))).toEqual(new Set([row!.id, groupRow!.id]));

    const other = await management.caller();
    expect((await management.owner.arm.delete(registry)).status).toBe(202);
    expect(await assign(registry, other.principalId)).toMatchObject({ status: 409 });
    expect((await management.owner.arm.delete(doomed, { apiVersion: '2024-03-01' })).status).toBe(202);
    for (const scope of [doomed, registry]) expect(await assign(scope, other.principalId)).toMatchObject({ status: 409 });
  });
});
