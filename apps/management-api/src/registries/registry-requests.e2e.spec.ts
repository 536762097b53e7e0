import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withoutWrappers } from '#lib/arm';
import { TestManagement, type TestCaller } from '../testing/test-management.js';
import { registryProperties } from './registry-properties.js';

let api: TestManagement;
let owner: TestCaller;
let group: string;

beforeAll(async () => {
  api = await TestManagement.start();
  owner = api.owner;
  group = await api.group();
});
afterAll(() => api?.stop());

const type = 'Microsoft.ContainerRegistry/registries';
const newPath = () => `${group}/providers/${type}/req${randomUUID().slice(0, 8)}`;
const preview = { apiVersion: '2026-09-01-preview' };
/** Breaks the published schema, which knows one casing. */
const lenient = { invalidRequest: true };

async function make(sku = 'Premium', properties = {}): Promise<string> {
  const path = newPath();
  const { status, text } = await owner.arm.put(path, { location: 'eastus', sku: { name: sku }, properties }, preview);
  if (status !== 201) throw new Error(text);
  const row = await api.control.registries.byName(path.split('/').at(-1)!);
  await api.control.registries.change(row!, { provisioningState: 'Succeeded' });
  return path;
}

/** Every enum in a shape, as the path to it and its words. */
function enumsIn(schema: z.ZodType, path: string[] = []): { path: string[]; words: string[] }[] {
  const inner = withoutWrappers(schema);
  if (inner instanceof z.ZodEnum) return [{ path, words: inner.options.map(String) }];
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([key, member]) => enumsIn(member as z.ZodType, [...path, key]));
}

const at = (value: unknown, path: string[]): unknown =>
  path.reduce<unknown>((found, key) => (found as Record<string, unknown>)[key], value);
const nested = (path: string[], value: unknown): object =>
  path.toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value) as object;

describe('A word of a list of words', () => {
  const enums = enumsIn(registryProperties);

  it('stands in at least a dozen properties', () => {
    expect(enums.length).toBeGreaterThan(12);
  });

  it.each(enums.map(({ path }) => [path.join('.'), path] as const))('is read without case and told in ACR’s: %s', async (_name, path) => {
    const registry = await make();
    const before = (await owner.arm.get(registry, preview)).body.properties;
    const word = String(at(before, path));
    for (const other of [word.toUpperCase(), word.toLowerCase()]) {
      const patched = await owner.arm.patch(registry, { properties: nested(path, other) }, { ...preview, ...lenient });
      expect(patched, patched.text).toMatchObject({ status: 200, body: { properties: nested(path, word) } });
    }
    const wrong = await owner.arm.patch(registry, { properties: nested(path, `${word}x`) }, preview);
    expect(wrong).toMatchObject({ status: 400, body: { error: { target: `properties.${path.join('.')}` } } });
  });

  it('is read without case in the SKU, the identity, rules and actions', async () => {
    const path = newPath();
    const body = {
      location: 'eastus',
      sku: { name: 'premium' },
      identity: { type: 'systemASSIGNED' },
      properties: { adminUserEnabled: true, networkRuleSet: { defaultAction: 'deny', ipRules: [{ action: 'ALLOW', value: '192.0.2.1' }] } },
    };
    expect(await owner.arm.put(path, body, lenient)).toMatchObject({
      status: 201,
      body: {
        sku: { name: 'Premium', tier: 'Premium' },
        identity: { type: 'SystemAssigned' },
        properties: { networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value: '192.0.2.1' }] } },
      },
    });
    expect((await owner.arm.put(path, { ...body, sku: { name: 'CLASSIC' } })).body.error.code).toBe('SkuNotSupported');
    expect((await owner.arm.post(`${path}/regenerateCredential`, { name: 'PassWord2' }, lenient)).status).toBe(200);
    const check = `/subscriptions/${api.subscriptionId}/providers/Microsoft.ContainerRegistry/checkNameAvailability`;
    const checked = await owner.arm.post(check, { name: 'afreename', type: type.toLowerCase() }, lenient);
    expect(checked).toMatchObject({ status: 200, body: { nameAvailable: true } });
    expect((await owner.arm.post(check, { name: 'afreename', type: `${type}/webhooks` })).status).toBe(400);
  });
});

describe('A member nobody knows', () => {
  it('is ignored, and named in a header', async () => {
    const path = newPath();
    const body = {
      location: 'eastus',
      sku: { name: 'Premium', capacity: 1 },
      properties: {
        adminUserEnable: true,
        policies: { retentionPolicy: { day: 3 } },
        networkRuleSet: { ipRules: [{ value: '192.0.2.1' }, { value: '192.0.2.2', 'comment\n,é': 'x' }] },
        nothing: null,
      },
    };
    const reply = await owner.arm.put(path, body, lenient);
    expect([reply.status, reply.headers['x-regatta-ignored']]).toEqual([
      201,
      'sku.capacity, properties.adminUserEnable, properties.policies.retentionPolicy.day, properties.networkRuleSet.ipRules[1].comment%0A%2C%C3%A9',
    ]);
    expect(reply.body.properties.adminUserEnabled).toBe(false);
    const patched = await owner.arm.patch(path, { propertys: {}, properties: { adminuserenabled: true } }, lenient);
    expect(patched.headers['x-regatta-ignored']).toBe('propertys, properties.adminuserenabled');
  });

  it('is not what the service itself answered: a registry sent back as it is gets no warning', async () => {
    const path = await make('Premium', { regionalEndpoints: 'Enabled' });
    const { body } = await owner.arm.get(path, preview);
    for (const reply of [await owner.arm.put(path, body, preview), await owner.arm.patch(path, body, { ...preview, ...lenient })]) {
      expect([reply.status, reply.headers['x-regatta-ignored']]).toEqual([200, undefined]);
    }
  });

  it('makes a header of bounded length, however many there are', async () => {
    const properties = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${'x'.repeat(200)}${i}`, i]));
    const reply = await owner.arm.put(newPath(), { location: 'eastus', sku: { name: 'Basic' }, properties }, lenient);
    expect(reply.status).toBe(201);
    expect(reply.headers['x-regatta-ignored']!.split(', ')).toHaveLength(20);
    expect(reply.headers['x-regatta-ignored']!.length).toBeLessThan(3000);
  });
});

describe('A SKU', () => {
  it('cannot be taken away from a registry', async () => {
    const path = await make();
    for (const sku of [null, { name: null }]) {
      expect(await owner.arm.patch(path, { sku }, lenient)).toMatchObject({ status: 400, body: { error: { code: 'InvalidParameter' } } });
    }
    expect((await owner.arm.patch(path, { sku: {} }, lenient)).body.sku.name).toBe('Premium');
  });

  it('that does not allow something refuses it with one status, be it absent or too much', async () => {
    const ipRules = (length: number) => ({
      networkRuleSet: { defaultAction: 'Allow', ipRules: Array.from({ length }, (_, i) => ({ value: `198.51.100.${i}` })) },
    });
    const statuses = [
      await owner.arm.patch(await make('Basic'), { properties: ipRules(1) }),
      await owner.arm.patch(await make('Premium'), { properties: ipRules(201) }),
      await owner.arm.patch(await make('Premium', ipRules(1)), { sku: { name: 'Basic' } }),
    ].map(({ status, body }) => [status, body.error.code]);
    expect(statuses).toEqual([
      [409, 'SkuNotSupported'],
      [409, 'SkuLimitReached'],
      [409, 'SkuDowngradeBlocked'],
    ]);
  });
});

describe('A name that is taken', () => {
  it('is refused in ACR’s form: the status beside the error, and no target', async () => {
    const path = await make();
    const other = path.replace(group, await api.group());
    const { status, body } = await owner.arm.put(other, { location: 'eastus', sku: { name: 'Basic' } });
    const name = path.split('/').at(-1)!;
    expect([status, body]).toEqual([
      409,
      {
        error: {
          code: 'RegistryNameAlreadyInUse',
          message: `The registry name ${name} is already in use. You can check if the name is already claimed using following API: https://aka.ms/acr/check-name-availability`,
        },
        status: 'Failed',
      },
    ]);
  });
});
