import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ControlStore,
  finishRegistryDeletion,
  finishResourceGroupDeletion,
  type OperationEntity,
  type ResourceGroupEntity,
} from '#lib/control';
import { Principals, RoleAssignments } from '#lib/identity';
import { Broadcast } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { OldOperationsHandler } from '../operations/old-operations.handler.js';
import { ResourceGroupDeletionHandler } from './resource-group-deletion.handler.js';
import { ResourceGroupOperationsHandler } from './resource-group-operations.handler.js';

let db: TestDatabase;
let control: ControlStore;
let roles: RoleAssignments;
let broadcast: Broadcast;
let handler: ResourceGroupDeletionHandler;
const subscriptionId = randomUUID();
const signal = new AbortController().signal;

beforeAll(async () => {
  db = await testDatabase();
  control = new ControlStore(db.dataSource);
  broadcast = new Broadcast({ url: db.url, applicationName: 'spec' });
  roles = new RoleAssignments({ dataSource: db.dataSource, broadcast });
  handler = new ResourceGroupDeletionHandler(control, roles);
});
afterAll(async () => {
  await broadcast?.close();
  await db?.drop();
});

/** A group that somebody has begun to delete, with so many registries in it. */
async function dying(registries: number): Promise<{ group: ResourceGroupEntity; operation: OperationEntity }> {
  const name = `Group-${randomUUID().slice(0, 8)}`;
  const group = (await control.resourceGroups.insert({ subscriptionId, name, location: 'eastus', tags: {}, managedBy: null }))!;
  for (let i = 0; i < registries; i += 1) await registryIn(group);
  await control.resourceGroups.change(group, { provisioningState: 'Deleting' });
  const operation = await control.operations.start({
    kind: 'DeleteResourceGroup',
    status: 'Deleting',
    prefix: 'resourcegroups',
    tenantId: randomUUID(),
    subscriptionId,
    resourceId: `/subscriptions/${subscriptionId}/resourceGroups/${name}`,
    targetId: group.id,
    startedBy: null,
  });
  return { group, operation };
}

async function registryIn(group: ResourceGroupEntity): Promise<void> {
  const name = `reg${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const at = new Date().toISOString();
  const who = { createdBy: 'x', createdByType: 'Application', createdAt: at } as const;
  await control.registries.insert({
    tenantId: randomUUID(),
    subscriptionId,
    resourceGroup: group.name,
    name,
    loginLabel: name,
    location: 'eastus',
    sku: 'Basic',
    tags: {},
    identity: null,
    settings: {} as never,
    adminPasswords: [],
    provisioningState: 'Succeeded',
    systemData: { ...who, lastModifiedBy: 'x', lastModifiedByType: 'Application', lastModifiedAt: at },
  });
}

const jobs = (name: string) =>
  db.dataSource.query<{ payload: Record<string, string> }[]>('SELECT payload FROM platform.outbox WHERE job = $1 ORDER BY id', [name]);
const run = ({ group, operation }: Awaited<ReturnType<typeof dying>>) =>
  handler.run({ groupId: group.id, operationId: operation.id }, signal);

describe('deleting a resource group', () => {
  it('begins to delete every registry once, looks again until they are gone, then removes the group and what may be done in it', async () => {
    const doomed = await dying(3);
    const principals = new Principals({ dataSource: db.dataSource, broadcast });
    const principalId = (await principals.create({ tenantId: randomUUID(), displayName: 'reader' })).principal.id;
    await roles.assign(principalId, 'Reader', doomed.operation.resourceId);
    await run(doomed);
    await run(doomed);
    const registries = await control.registries.list(subscriptionId, { limit: 10 }, doomed.group.name);
    expect(registries.map(({ provisioningState }) => provisioningState)).toEqual(['Deleting', 'Deleting', 'Deleting']);
    const begun = (await jobs(finishRegistryDeletion.name)).map(({ payload }) => payload['registryId']);
    expect(new Set(begun)).toEqual(new Set(registries.map(({ id }) => id)));
    const operations = await Promise.all(registries.map(({ id }) => control.operations.underWay(id)));
    expect(operations.every((operation) => operation?.kind === 'DeleteRegistry')).toBe(true);
    expect((await jobs(finishResourceGroupDeletion.name)).length).toBeGreaterThan(0);
    expect(await control.resourceGroups.byId(doomed.group.id)).not.toBeNull();
    expect((await control.operations.byId(doomed.operation.id))?.status).toBe('Deleting');

    for (const { id } of registries) await control.registries.delete(id);
    await run(doomed);
    expect(await control.resourceGroups.byId(doomed.group.id)).toBeNull();
    expect((await control.operations.byId(doomed.operation.id))?.status).toBe('Succeeded');
    expect((await roles.actionsAt(principalId, doomed.operation.resourceId)).allows('Microsoft.X/read')).toBe(false);
  });

  it('may run again after it is done', async () => {
    const doomed = await dying(0);
    await run(doomed);
    await run(doomed);
    expect((await control.operations.byId(doomed.operation.id))?.status).toBe('Succeeded');
  });

  it('stops between two registries when the process drains', async () => {
    const doomed = await dying(2);
    const drained = AbortSignal.abort(new Error('draining'));
    await expect(handler.run({ groupId: doomed.group.id, operationId: doomed.operation.id }, drained)).rejects.toThrow('draining');
    expect((await control.operations.byId(doomed.operation.id))?.status).toBe('Deleting');
  });

  it('that fails for good says so, and can be begun anew', async () => {
    const doomed = await dying(1);
    await handler.gaveUp({ groupId: doomed.group.id, operationId: doomed.operation.id }, new TypeError('inside'));
    expect(await control.operations.byId(doomed.operation.id)).toMatchObject({
      status: 'Failed',
      error: { code: 'ResourceGroupDeletionFailed', message: expect.not.stringContaining('inside') },
    });
    expect(await control.operations.underWay(doomed.group.id)).toBeNull();
  });

  it('whose job was lost is begun again', async () => {
    const doomed = await dying(0);
    await db.dataSource.query('DELETE FROM platform.outbox');
    await db.dataSource.query(`UPDATE control.operations SET started_at = now() - interval '10 minutes' WHERE id = $1`, [
      doomed.operation.id,
    ]);
    await new ResourceGroupOperationsHandler(control).run();
    expect((await jobs(finishResourceGroupDeletion.name)).map(({ payload }) => payload['operationId'])).toEqual([doomed.operation.id]);
  });
});

describe('old operations', () => {
  it('are forgotten a week after they ended, and not before', async () => {
    const [old, young, running] = [await dying(0), await dying(0), await dying(0)];
    for (const { operation } of [old, young]) await control.operations.succeed(operation.id);
    await db.dataSource.query(`UPDATE control.operations SET ended_at = now() - interval '8 days' WHERE id = $1`, [old.operation.id]);
    await new OldOperationsHandler(control).run({}, signal);
    const left = await Promise.all([old, young, running].map(({ operation }) => control.operations.byId(operation.id)));
    expect(left.map((row) => row?.status)).toEqual([undefined, 'Succeeded', 'Deleting']);
  });
});
