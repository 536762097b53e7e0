import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiVersions } from '#lib/arm';
import { describeArmResource, publishedContract, type ArmClient } from '#lib/testkit';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';
import { workerBeside } from '../support/contract-worker.js';

const contract = publishedContract();
const type = 'Microsoft.ContainerRegistry/registries';

let api: TestManagement;
let worker: Awaited<ReturnType<typeof workerBeside>>;
let arm: ArmClient;
let group: string;

beforeAll(async () => {
  api = await TestManagement.start();
  arm = api.owner.arm;
  worker = await workerBeside(api);
  group = await api.group();
});
afterAll(async () => {
  await worker?.stop();
  await api?.stop();
});

let serial = 0;

describeArmResource({
  title: 'registries',
  arm: () => arm,
  freshPath: () => `${group}/providers/${type}/alike${String((serial += 1)).padStart(3, '0')}`,
  put: () => ({ location: 'eastus', sku: { name: 'Premium' }, properties: { adminUserEnabled: true } }),
  patch: { tags: { a: '1' }, properties: { publicNetworkAccess: 'Disabled' } },
  ended: (_path, reply) => arm.ended(reply),
});

describe('every registry operation in every api-version', () => {
  it.concurrent.each(apiVersions.registries)('%s', { timeout: 60_000 }, async (apiVersion) => {
    const version = { apiVersion };
    const name = `contract${apiVersion.replaceAll(/[^0-9a-z]/g, '')}`;
    const path = `${group}/providers/${type}/${name}`;
    const subscription = `/subscriptions/${api.subscriptionId}/providers/Microsoft.ContainerRegistry`;
    const check = () => arm.post(`${subscription}/checkNameAvailability`, { name, type }, version);

    expect((await check()).body.nameAvailable).toBe(true);
    const made = await arm.put(
      path,
      { location: 'eastus', sku: { name: 'Premium' }, tags: { a: '1' }, properties: { adminUserEnabled: true } },
      version,
    );
    expect(made, made.text).toMatchObject({ status: 201, body: { properties: { provisioningState: 'Creating' } } });
    expect((await arm.ended(made)).body.status).toBe('Succeeded');

    const got = await arm.get(path, version);
    expect(got.body.properties).toMatchObject({ provisioningState: 'Succeeded', adminUserEnabled: true });
    const again = await arm.put(path, got.body, version);
    expect(again).toMatchObject({ status: 200, body: got.body });
    const patched = await arm.patch(path, { tags: { b: '2' }, sku: { name: 'Standard' } }, version);
    expect(patched).toMatchObject({ status: 200, body: { tags: { b: '2' }, sku: { name: 'Standard', tier: 'Standard' } } });

    const inGroup = (await arm.pages(`${group}/providers/${type}`, version)).flat();
    const inSubscription = (await arm.pages(`${subscription}/registries`, version)).flat();
    for (const list of [inGroup, inSubscription]) expect(list.map((one) => one.name)).toContain(name);
    expect((await arm.get('/providers/Microsoft.ContainerRegistry/operations', version)).status).toBe(200);

    const credentials = (await arm.post(`${path}/listCredentials`, undefined, version)).body;
    const regenerated = (await arm.post(`${path}/regenerateCredential`, { name: 'password' }, version)).body;
    expect(regenerated.passwords[1]).toEqual(credentials.passwords[1]);
    expect(regenerated.passwords[0].value).not.toBe(credentials.passwords[0].value);
    const usages = (await arm.get(`${path}/listUsages`, version)).body.value;
    expect(usages.map((usage: { name: string }) => usage.name)).toContain('Size');
    expect((await check()).body).toMatchObject({ nameAvailable: false, reason: 'AlreadyExists' });

    const deleted = await arm.delete(path, version);
    expect(deleted.status).toBe(202);
    expect([200, 204]).toContain((await arm.ended(deleted)).status);
    expect((await arm.get(path, version)).status).toBe(404);
    expect((await arm.delete(path, version)).status).toBe(204);
    expect((await check()).body.nameAvailable).toBe(true);
  });
});

describe('a name used again', () => {
  it('is another registry, with other passwords and nobody who was allowed something before', async () => {
    const path = `${group}/providers/${type}/usedagain`;
    const body = { location: 'eastus', sku: { name: 'Basic' }, properties: { adminUserEnabled: true } };
    const make = async () => {
      await arm.ended(await arm.put(path, body));
      const { passwords } = (await arm.post(`${path}/listCredentials`)).body;
      return passwords.map(({ value }: { value: string }) => value);
    };
    const before = await make();
    const reader = await api.caller({ role: 'Reader', scope: path });
    expect((await reader.arm.get(path)).status).toBe(200);
    await arm.ended(await arm.delete(path));
    const after = await make();
    expect(after).not.toEqual(expect.arrayContaining([before[0]]));
    expect(after).not.toEqual(expect.arrayContaining([before[1]]));
    await expect.poll(async () => (await reader.arm.get(path)).status, { timeout: 12_000 }).not.toBe(200);
  });
});

describe.skipIf(!contract)('the published specification (skipped: ../shared/specs/acr is not beside the project)', () => {
  it('judged every request and answer above', () => {
    // 26 versions, each with two dozen exchanges: a client that judges nothing would pass everything.
    expect(arm.judged).toBeGreaterThan(apiVersions.registries.length * 20);
  });

  it('names no operation on registries that was left out', () => {
    const used =
      /^Registries_(CheckNameAvailability|List|ListByResourceGroup|Get|Create|Update|Delete|ListCredentials|RegenerateCredential|ListUsages)$/;
    const later = /^Registries_(GenerateCredentials|ImportImage|.*PrivateLinkResource.*|ScheduleRun|GetBuildSourceUploadUrl)$/;
    const ids = new Set(
      contract!.operations.all.map(({ operation }) => operation.operationId).filter((id) => id.startsWith('Registries_')),
    );
    expect([...ids].filter((id) => !used.test(id) && !later.test(id))).toEqual([]);
  });

  it('would have noticed: an answer with one property too many is refused', async () => {
    const name = 'contractnoticed';
    const path = `${group}/providers/${type}/${name}`;
    const made = await arm.put(path, { location: 'eastus', sku: { name: 'Basic' } });
    const exchange = {
      method: 'PUT',
      url: made.url,
      requestBody: { location: 'eastus', sku: { name: 'Basic' } },
      status: 201,
      headers: made.headers,
    };
    expect(contract!.violations({ ...exchange, body: made.text })).toEqual([]);
    const broken = { ...made.body, properties: { ...made.body.properties, regionalEndpoints: 'Enabled' } };
    expect(contract!.violations({ ...exchange, body: JSON.stringify(broken) })).not.toEqual([]);
  });
});
