import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContentIndex } from '#lib/content';
import {
  beginRegistryCreation,
  beginRegistryDeletion,
  ControlStore,
  registryId,
  sweepDeletedRegistry,
  type OperationEntity,
  type RegistryEntity,
} from '#lib/control';
import { Principals, RoleAssignments } from '#lib/identity';
import { digestOf, parseManifest } from '#lib/oci';
import { Broadcast, newLogger, PipelinedPool } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { workerSettings } from '../config.js';
import { DeletedRegistrySweepHandler } from './deleted-registry-sweep.handler.js';
import { RegionalContent } from '../content/regional-content.js';
import { RegistryCreationHandler } from './registry-creation.handler.js';
import { RegistryDeletionHandler } from './registry-deletion.handler.js';
import { RegistryOperationsHandler } from './registry-operations.handler.js';

let db: TestDatabase;
let control: ControlStore;
let roles: RoleAssignments;
let principals: Principals;
let contents: RegionalContent;
let broadcast: Broadcast;
let pool: PipelinedPool;
let index: ContentIndex;
let creation: RegistryCreationHandler;
let deletion: RegistryDeletionHandler;

beforeAll(async () => {
  db = await testDatabase();
  const logger = newLogger({ name: 'spec', level: 'silent' });
  broadcast = new Broadcast({ url: db.url, applicationName: 'spec', logger });
  control = new ControlStore(db.dataSource);
  roles = new RoleAssignments({ dataSource: db.dataSource, broadcast });
  principals = new Principals({ dataSource: db.dataSource, broadcast });
  const config = workerSettings.parse({
    DATABASE_URL: db.url,
    REGATTA_SECRET_KEY: randomBytes(32).toString('base64'),
    REGATTA_BUCKETS: '{"eastus":"file:///nowhere"}',
    REGATTA_REGION: 'eastus',
  });
  contents = new RegionalContent(config);
  pool = new PipelinedPool({ url: db.url, applicationName: 'spec' });
  index = new ContentIndex({ pool, region: 'eastus' });
  creation = new RegistryCreationHandler(control);
  deletion = new RegistryDeletionHandler(control, contents, roles);
});
afterAll(async () => {
  await contents.onApplicationShutdown();
  await pool.close();
  await roles.close();
  await broadcast.close();
  await db.drop();
});

const running = () => new AbortController().signal;
const stopped = () => AbortSignal.abort(new Error('The worker is shutting down.'));

async function create(name = `r${randomUUID().slice(0, 8)}`): Promise<{ row: RegistryEntity; operation: OperationEntity }> {
  const subscriptionId = randomUUID();
  return control.transaction(async (store) => {
    const row = await store.registries.insert({
      tenantId: randomUUID(),
      subscriptionId,
      resourceGroup: 'rg',
      name,
      loginLabel: name,
      location: 'eastus',
      sku: 'Premium',
      tags: {},
      identity: null,
      settings: {} as RegistryEntity['settings'],
      adminPasswords: [],
      provisioningState: 'Creating',
      systemData: { createdAt: new Date().toISOString() } as RegistryEntity['systemData'],
    });
    return { row: row!, operation: await beginRegistryCreation(store, row!, null) };
  });
}

async function created(name?: string): Promise<RegistryEntity> {
  const { row, operation } = await create(name);
  await creation.run({ registryId: row.id, operationId: operation.id });
  return (await control.registries.byId(row.id))!;
}

function beginDeletion(id: string): Promise<OperationEntity> {
  return control.transaction(async (store) => beginRegistryDeletion(store, (await store.registries.lockedById(id))!, null));
}

/** An index of nothing: the smallest thing a registry can hold. */
async function push(id: string, repository: string): Promise<void> {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations: { repository } }));
  await index.putManifest({
    registryId: id,
    repository,
    digest: digestOf(bytes),
    bytes,
    manifest: parseManifest(bytes, mediaType),
    tags: ['latest'],
    storageLimit: null,
  });
}

const state = async ({ id }: OperationEntity) => (await control.operations.byId(id))!.status;
const outboxOf = (job: string): Promise<{ payload: { registryId: string } }[]> =>
  db.dataSource.query('SELECT payload FROM platform.outbox WHERE job = $1', [job]);

describe('creating a registry', () => {
  it('brings it to life, and may run twice', async () => {
    const { row, operation } = await create();
    const heard: string[] = [];
    const stop = await broadcast.subscribe('registry-changed', (name) => void heard.push(name));
    for (let i = 0; i < 2; i += 1) await creation.run({ registryId: row.id, operationId: operation.id });
    expect((await control.registries.byId(row.id))!).toMatchObject({ provisioningState: 'Succeeded', version: 2 });
    expect(await state(operation)).toBe('Succeeded');
    await expect.poll(() => heard).toEqual([row.nameKey]);
    stop();
  });

  it('cancels the creation of what was deleted meanwhile, and does not bring it back', async () => {
    const { row, operation } = await create();
    const end = await beginDeletion(row.id);
    await creation.run({ registryId: row.id, operationId: operation.id });
    expect(await state(operation)).toBe('Canceled');
    expect((await control.registries.byId(row.id))!.provisioningState).toBe('Deleting');
    await deletion.run({ registryId: row.id, operationId: end.id }, running());
    expect(await control.registries.byId(row.id)).toBeNull();
  });

  it('says so when it had to give up', async () => {
    const { row, operation } = await create();
    await creation.gaveUp({ registryId: row.id, operationId: operation.id }, new Error('no'));
    expect((await control.registries.byId(row.id))!.provisioningState).toBe('Failed');
    expect((await control.operations.byId(operation.id))!).toMatchObject({ status: 'Failed', error: { code: 'RegistryCreationFailed' } });
  });
});

describe('deleting a registry', () => {
  it('removes what it holds, who may do what with it, and then itself; its name is free again', async () => {
    const row = await created();
    const other = await created();
    for (const repository of ['a', 'b/c']) {
      await push(row.id, repository);
      await push(other.id, repository);
    }
    const { principal } = await principals.create({ tenantId: row.tenantId, displayName: 'somebody' });
    await roles.assign(principal.id, 'AcrPull', registryId(row));
    const operation = await beginDeletion(row.id);
    await deletion.run({ registryId: row.id, operationId: operation.id }, running());
    expect(await state(operation)).toBe('Succeeded');
    expect(await control.registries.byId(row.id)).toBeNull();
    expect((await index.catalog(row.id, { n: 10, last: '' })).names).toEqual([]);
    expect(await index.usageBytes(row.id)).toBe(0);
    expect((await roles.actionsAt(principal.id, registryId(row))).allows('Microsoft.ContainerRegistry/registries/pull/read')).toBe(false);
    expect((await index.catalog(other.id, { n: 10, last: '' })).names).toEqual(['a', 'b/c']);
    const again = await created(row.name);
    expect(again.id).not.toBe(row.id);
  });

  it('goes on after the worker was stopped in the middle, and ends once', async () => {
    const row = await created();
    await push(row.id, 'a');
    const operation = await beginDeletion(row.id);
    const payload = { registryId: row.id, operationId: operation.id };
    await expect(deletion.run(payload, stopped())).rejects.toThrow();
    expect(await state(operation)).toBe('Deleting');
    expect((await control.registries.byId(row.id))!.provisioningState).toBe('Deleting');
    await deletion.run(payload, running());
    await deletion.run(payload, running());
    expect(await state(operation)).toBe('Succeeded');
    expect(await control.registries.byId(row.id)).toBeNull();
    expect((await outboxOf(sweepDeletedRegistry.name)).filter(({ payload: { registryId: id } }) => id === row.id)).toHaveLength(1);
  });

  it('ends the operation of a worker that died after everything else was done', async () => {
    const row = await created();
    const operation = await beginDeletion(row.id);
    await contents.deleteAllOfRegistry(row.id);
    await control.registries.delete(row.id);
    await deletion.run({ registryId: row.id, operationId: operation.id }, running());
    expect(await state(operation)).toBe('Succeeded');
  });

  it('touches nothing of a registry that is not being deleted', async () => {
    const row = await created();
    await push(row.id, 'a');
    await deletion.run({ registryId: row.id, operationId: randomUUID() }, running());
    expect((await control.registries.byId(row.id))!.provisioningState).toBe('Succeeded');
    expect((await index.catalog(row.id, { n: 10, last: '' })).names).toEqual(['a']);
  });

  it('sweeps what a push left behind in a registry that is gone, and in no other', async () => {
    const row = await created();
    const sweep = new DeletedRegistrySweepHandler(control, contents);
    await push(row.id, 'late');
    await sweep.run({ registryId: row.id }, running());
    expect((await index.catalog(row.id, { n: 10, last: '' })).names).toEqual(['late']);
    const operation = await beginDeletion(row.id);
    await deletion.run({ registryId: row.id, operationId: operation.id }, running());
    await push(row.id, 'late');
    await sweep.run({ registryId: row.id }, running());
    expect((await index.catalog(row.id, { n: 10, last: '' })).names).toEqual([]);
  });
});

describe('an operation whose job was lost', () => {
  it('gets it again once it is old enough', async () => {
    const { row, operation } = await create();
    const young = await create();
    await db.dataSource.query('DELETE FROM platform.outbox');
    await db.dataSource.query(`UPDATE control.operations SET started_at = now() - interval '10 minutes' WHERE id = $1`, [operation.id]);
    await new RegistryOperationsHandler(control).run();
    const jobs = await outboxOf('finish-registry-creation');
    expect(jobs.map(({ payload }) => payload)).toEqual([{ registryId: row.id, operationId: operation.id }]);
    expect(young.operation.endedAt).toBeNull();
  });

  it.each(['PurgeTask', 'CreateRegistry'])('gets it again beside 300 older ones of kind %s that never end', async (kind) => {
    const { row, operation } = await create();
    await db.dataSource.query('DELETE FROM platform.outbox');
    await db.dataSource.query(`UPDATE control.operations SET started_at = now() - interval '10 minutes' WHERE id = $1`, [operation.id]);
    await db.dataSource.query(
      `INSERT INTO control.operations (id, name, kind, status, tenant_id, subscription_id, resource_id, target_id, percent_complete, started_at)
       SELECT id, 'stuck-' || id, $1, 'Working', $2, $3, '/stuck', id, 0, now() - interval '1 day'
         FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 300)) AS made`,
      [kind, operation.tenantId, operation.subscriptionId],
    );
    await new RegistryOperationsHandler(control).run();
    const jobs = await outboxOf('finish-registry-creation');
    expect(jobs.map(({ payload }) => payload)).toContainEqual({ registryId: row.id, operationId: operation.id });
    await db.dataSource.query(`DELETE FROM control.operations WHERE resource_id = '/stuck'`);
  });
});

describe('a role at a registry', () => {
  it('goes in the transaction in which the registry goes, also when it came after everything else was removed', async () => {
    const row = await created();
    const operation = await beginDeletion(row.id);
    const { principal } = await principals.create({ tenantId: row.tenantId, displayName: 'late' });
    let run: Promise<void> | undefined;
    await control.transaction(async (store) => {
      // While the row is locked the deletion removes what it can, and waits for the row.
      await store.registries.lockedById(row.id);
      run = deletion.run({ registryId: row.id, operationId: operation.id }, running());
      await expect
        .poll(() => db.dataSource.query(`SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted`), { timeout: 10_000 })
        .toEqual([{ waiting: 1 }]);
      await roles.assign(principal.id, 'Owner', registryId(row));
    });
    await run;
    expect(await control.registries.byId(row.id)).toBeNull();
    expect(await roles.ofPrincipal(principal.id)).toEqual([]);
  });
});
