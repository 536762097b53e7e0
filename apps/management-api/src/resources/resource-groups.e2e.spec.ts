import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmClient } from '#lib/testkit';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;
let arm: ArmClient;
const options = { apiVersion: '2024-03-01' };

beforeAll(async () => {
  management = await TestManagement.start();
  arm = management.owner.arm;
});
afterAll(() => management?.stop());

const groups = () => `/subscriptions/${management.subscriptionId}/resourcegroups`;
const at = (name: string) => `${groups()}/${name}`;
const put = (name: string, body: unknown, headers: Record<string, string> = {}) => arm.put(at(name), body, { ...options, headers });
const fresh = () => `rg-${randomUUID().slice(0, 8)}`;

describe('a resource group', () => {
  it('is created with 201, and replaced with 200', async () => {
    const name = fresh();
    // As people write it; documented is the one true form.
    const body = { location: 'East US', tags: { team: 'blue' }, managedBy: '/some/id' };
    const first = await arm.put(at(name), body, { ...options, invalidRequest: true });
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      id: `/subscriptions/${management.subscriptionId}/resourceGroups/${name}`,
      name,
      type: 'Microsoft.Resources/resourceGroups',
      location: 'eastus',
      managedBy: '/some/id',
      tags: { team: 'blue' },
      properties: { provisioningState: 'Succeeded' },
    });
    const second = await put(name, { location: 'eastus' });
    expect(second.status).toBe(200);
    expect(second.body.tags).toEqual({});
    expect(second.body).not.toHaveProperty('managedBy');
  });

  it('is found in any casing, and answers with the casing last given', async () => {
    const name = fresh();
    await put(name, { location: 'eastus' });
    expect((await arm.get(at(name.toUpperCase()), options)).body.name).toBe(name);
    expect((await put(name.toUpperCase(), { location: 'eastus' })).status).toBe(200);
    expect((await arm.get(`/Subscriptions/${management.subscriptionId}/ResourceGroups/${name}/`, options)).body.name).toBe(
      name.toUpperCase(),
    );
  });

  it('answers HEAD with 204 or 404 and no body', async () => {
    const name = fresh();
    expect((await arm.head(at(name), options)).status).toBe(404);
    await put(name, { location: 'eastus' });
    const there = await arm.head(at(name), options);
    expect(there.status).toBe(204);
    expect(there.text).toBe('');
  });

  it('is absent with 404 and ARM words', async () => {
    const { status, body } = await arm.get(at('nobody'), options);
    expect(status).toBe(404);
    expect(body).toEqual({ error: { code: 'ResourceGroupNotFound', message: "Resource group 'nobody' could not be found." } });
    expect((await arm.patch(at('nobody'), { tags: {} }, options)).body.error.code).toBe('ResourceGroupNotFound');
    expect((await arm.delete(at('nobody'), options)).body.error.code).toBe('ResourceGroupNotFound');
  });

  it('gets its tags replaced as a whole by PATCH, and keeps what PATCH does not name', async () => {
    const name = fresh();
    await put(name, { location: 'eastus', tags: { a: '1', b: '2' }, managedBy: '/x' });
    const patched = await arm.patch(at(name), { tags: { c: '3' } }, options);
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ tags: { c: '3' }, managedBy: '/x' });
    expect(patched.body.tags).toEqual({ c: '3' });
    expect((await arm.patch(at(name), {}, options)).body.tags).toEqual({ c: '3' });
  });

  it('stays what and where it is: a body that names another id, name, type or location is refused', async () => {
    const name = fresh();
    const { body } = await put(name, { location: 'eastus' });
    const same = { id: body.id.toUpperCase(), name: name.toUpperCase(), type: body.type.toLowerCase() };
    expect((await arm.put(at(name), { location: 'East US', ...same }, { ...options, invalidRequest: true })).status).toBe(200);
    expect((await arm.patch(at(name), { ...same, location: 'East US' }, { ...options, invalidRequest: true })).status).toBe(200);
    for (const other of [{ id: `${body.id}x` }, { name: 'other' }, { type: 'Microsoft.Resources/subscriptions' }]) {
      const [target] = Object.keys(other);
      const replies = [
        await put(name, { location: 'eastus', ...other }),
        await put(fresh(), { location: 'eastus', ...other }),
        await arm.patch(at(name), other, options),
      ];
      for (const reply of replies) expect(reply).toMatchObject({ status: 400, body: { error: { code: 'InvalidParameter', target } } });
    }
    expect(await arm.patch(at(name), { location: 'westeurope' }, options)).toMatchObject({
      status: 409,
      body: { error: { target: 'location' } },
    });
  });

  it('cannot be moved', async () => {
    const name = fresh();
    await put(name, { location: 'eastus' });
    const moved = await put(name, { location: 'westeurope' });
    expect(moved.status).toBe(409);
    expect(moved.body.error.code).toBe('InvalidResourceGroupLocation');
  });

  it.each([
    ['a region that is not here', { location: 'marsnorth' }, 'LocationNotAvailableForResourceGroup', 'location'],
    ['no location', { tags: {} }, 'LocationRequired', 'location'],
    ['a location that is no text', { location: 7 }, 'InvalidParameter', 'location'],
    ['a tag name with a slash', { location: 'eastus', tags: { 'a/b': 'x' } }, 'InvalidParameter', 'tags.a/b'],
    ['a tag value that is no text', { location: 'eastus', tags: { a: 1 } }, 'InvalidParameter', 'tags.a'],
    ['a tag name twice', { location: 'eastus', tags: { a: '1', A: '2' } }, 'InvalidParameter', 'tags.A'],
    ['a long tag value', { location: 'eastus', tags: { a: 'x'.repeat(257) } }, 'InvalidParameter', 'tags.a'],
    [
      '51 tags',
      { location: 'eastus', tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ''])) },
      'InvalidParameter',
      'tags',
    ],
  ])('refuses %s', async (_what, body, code, target) => {
    const answer = await put(fresh(), body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code, target });
  });

  it('names every mistake of one body', async () => {
    const { body } = await put(fresh(), { location: 3, tags: { a: 1, b: 2 } });
    expect(body.error.message).toContain('3 mistakes');
    expect(body.error.details.map((detail: { target: string }) => detail.target)).toEqual(['location', 'tags.a', 'tags.b']);
  });

  it.each(['ends.', 'a'.repeat(91), 'with space', 'semi;colon'])('refuses the name %s', async (name) => {
    const answer = await arm.put(at(encodeURIComponent(name)), { location: 'eastus' }, options);
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('InvalidResourceGroup');
  });

  it('is only replaced when If-Match and If-None-Match allow it', async () => {
    const name = fresh();
    expect((await put(name, { location: 'eastus' }, { 'if-match': '*' })).status).toBe(412);
    const { headers } = await put(name, { location: 'eastus' }, { 'if-none-match': '*' });
    const etag = headers['etag']!;
    expect((await put(name, { location: 'eastus' }, { 'if-none-match': '*' })).body.error.code).toBe('PreconditionFailed');
    expect((await put(name, { location: 'eastus', tags: { n: '2' } }, { 'if-match': etag })).status).toBe(200);
    expect((await put(name, { location: 'eastus' }, { 'if-match': etag })).status).toBe(412);
    const now = (await arm.get(at(name), options)).headers['etag']!;
    // Of HTTP, not of the published contract: who knows the present state is not sent it again.
    const url = `${management.baseUrl}${at(name)}?api-version=2024-03-01`;
    const unchanged = await fetch(url, { headers: { authorization: `Bearer ${management.owner.token}`, 'if-none-match': now } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    expect((await arm.delete(at(name), { ...options, headers: { 'if-match': '"other"' } })).status).toBe(412);
  });

  it('is made once when two make it at the same time', async () => {
    const name = fresh();
    const answers = await Promise.all(Array.from({ length: 6 }, () => put(name, { location: 'eastus' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);
  });
});

describe('deleting a resource group', () => {
  it('answers 202 with a Location that says so until a worker is done, then with nothing', async () => {
    const name = fresh();
    await put(name, { location: 'eastus' });
    const deleted = await arm.delete(at(name), options);
    expect(deleted.status).toBe(202);
    expect(deleted.text).toBe('');
    const location = deleted.headers['location']!;
    expect(location).toMatch(/\/operationresults\/resourcegroups-[0-9a-f-]{36}\?api-version=2024-03-01$/);
    expect(deleted.headers['retry-after']).toBe('1');
    expect((await arm.get(location)).status).toBe(202);
    expect((await arm.get(at(name), options)).body.properties.provisioningState).toBe('Deleting');
    const again = await arm.delete(at(name), options);
    expect(again.headers['location']).toBe(location);
    expect((await put(name, { location: 'eastus' })).body.error.code).toBe('ResourceGroupBeingDeleted');
    const operation = await management.control.operations.byName(location.split('/').at(-1)!.split('?')[0]!);
    await management.control.resourceGroups.delete(operation!.targetId);
    await management.control.operations.succeed(operation!.id);
    expect(await arm.get(location)).toMatchObject({ status: 200, text: '' });
    expect((await arm.get(at(name), options)).status).toBe(404);
  });

  it('tells by the Location how it failed', async () => {
    const name = fresh();
    await put(name, { location: 'eastus' });
    const location = (await arm.delete(at(name), options)).headers['location']!;
    const operation = await management.control.operations.byName(location.split('/').at(-1)!.split('?')[0]!);
    await management.control.operations.fail(operation!.id, { code: 'ResourceGroupDeletionFailed', message: 'It could not be.' });
    const answer = await arm.get(location);
    expect(answer.status).toBe(409);
    expect(answer.body.error).toEqual({ code: 'ResourceGroupDeletionFailed', message: 'It could not be.' });
    // Asked again, it begins anew.
    expect((await arm.delete(at(name), options)).headers['location']).not.toBe(location);
  });
});

describe('listing resource groups', () => {
  it('gives pages that hold everything once, in the order of names', async () => {
    const prefix = `page${randomUUID().slice(0, 6)}`;
    const names = Array.from({ length: 5 }, (_, i) => `${prefix}-${i}`);
    for (const name of names) await put(name, { location: 'eastus', tags: { [prefix]: name.at(-1)! } });
    const filter = { $filter: `tagName eq '${prefix}'`, $top: '2' };
    const pages = await arm.pages(groups(), { ...options, query: filter });
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().map((group) => group.name)).toEqual(names);
    const one = await arm.get(groups(), { ...options, query: { $filter: `tagName eq '${prefix}' and tagValue eq '3'` } });
    expect(one.body.value.map((group: { name: string }) => group.name)).toEqual([names[3]]);
    expect(one.body).not.toHaveProperty('nextLink');
  });

  it.each([
    ['$top', '0'],
    ['$top', '-1'],
    ['$top', '1e309'],
    ['$top', '2147483648000'],
    ['$top', ''],
    ['$filter', "name eq 'x'"],
    ['$filter', "tagName eq 'x' or tagName eq 'y'"],
    ['$filter', "tagName eq 'x"],
    ['$filter', "tagValue eq 'x'"],
    ['$skipToken', 'made-up'],
    ['$skipToken', 'WyJ4Il0.AAAAAAAAAAAAAAAAAAAAAA'],
  ])('refuses %s=%s', async (name, value) => {
    const { status, body } = await arm.get(groups(), { ...options, query: { [name]: value } });
    expect(status).toBe(400);
    expect(body.error.target).toBe(name);
  });

  it('refuses a page token of another list', async () => {
    const prefix = `tok${randomUUID().slice(0, 6)}`;
    for (const i of [0, 1]) await put(`${prefix}-${i}`, { location: 'eastus', tags: { [prefix]: 'x' } });
    const { body } = await arm.get(groups(), { ...options, query: { $filter: `tagName eq '${prefix}'`, $top: '1' } });
    const foreign = body.nextLink.replace(encodeURIComponent(prefix), 'other');
    expect((await arm.get(foreign)).body.error.code).toBe('InvalidSkipToken');
  });

  it('refuses 10,000 digits of $top, and takes more than the most as the most', async () => {
    expect((await arm.get(groups(), { ...options, query: { $top: '9'.repeat(10_000) } })).status).toBe(400);
    expect((await arm.get(groups(), { ...options, query: { $top: '999999999' } })).status).toBe(200);
  });
});
