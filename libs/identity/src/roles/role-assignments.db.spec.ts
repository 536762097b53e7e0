import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RoleName, roles } from '#lib/domain';
import { Broadcast } from '#lib/platform';
import { testDatabase } from '#lib/testkit';
import { Principals } from '../principals/principals.js';
import { RoleAssignments } from './role-assignments.js';

const tenantId = randomUUID();
const subscription = `/subscriptions/${randomUUID()}`;
const group = `${subscription}/resourceGroups/Team`;
const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/MyReg`;
const acr = 'Microsoft.ContainerRegistry/registries';

let db: Awaited<ReturnType<typeof testDatabase>>;
let principals: Principals;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  db = await testDatabase();
  const broadcast = new Broadcast({ url: db.url, applicationName: 'roles-spec' });
  principals = new Principals({ dataSource: db.dataSource, broadcast });
  open.push(broadcast, principals);
});
afterAll(async () => {
  for (const one of open.reverse()) await one.close();
  await db.drop();
});

async function process(): Promise<RoleAssignments> {
  const broadcast = new Broadcast({ url: db.url, applicationName: 'roles-spec' });
  const made = new RoleAssignments({ dataSource: db.dataSource, broadcast });
  open.push(broadcast, made);
  await made.start();
  return made;
}

const somebody = async (): Promise<string> => (await principals.create({ tenantId, displayName: 'somebody' })).principal.id;

/** Until it holds. */
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 30_000 });

describe('a role', () => {
  it.each<[RoleName, string, boolean]>([
    ['Owner', 'Microsoft.Authorization/roleAssignments/write', true],
    ['Owner', `${acr}/write`, true],
    ['Contributor', `${acr}/listCredentials/action`, true],
    ['Contributor', `${acr}/push/write`, true],
    ['Contributor', 'Microsoft.Authorization/roleAssignments/write', false],
    ['Contributor', 'Microsoft.Authorization/roleAssignments/delete', false],
    ['Contributor', 'Microsoft.Authorization/roleAssignments/read', true],
    ['Reader', `${acr}/read`, true],
    ['Reader', `${acr}/pull/read`, true],
    ['Reader', `${acr}/listCredentials/action`, false],
    ['Reader', `${acr}/push/write`, false],
    ['AcrPull', `${acr}/pull/read`, true],
    ['AcrPull', `${acr}/push/write`, false],
    ['AcrPull', `${acr}/read`, false],
    ['AcrPush', `${acr}/pull/read`, true],
    ['AcrPush', `${acr}/push/write`, true],
    ['AcrPush', `${acr}/artifacts/delete`, false],
    ['AcrDelete', `${acr}/artifacts/delete`, true],
    ['AcrDelete', `${acr}/pull/read`, false],
  ])('%s: %s is %s', async (role, action, allowed) => {
    const assignments = await process();
    const who = await somebody();
    await assignments.assign(who, role, registry);
    expect((await assignments.actionsAt(who, registry)).allows(action)).toBe(allowed);
  });

  it('on content is another thing than one on the registry', async () => {
    const assignments = await process();
    const [reader, owner] = [await somebody(), await somebody()];
    await assignments.assign(reader, 'Container Registry Repository Reader', registry);
    await assignments.assign(owner, 'Owner', registry);
    const read = `${acr}/repositories/content/read`;
    expect((await assignments.actionsAt(reader, registry)).allowsData(read)).toBe(true);
    expect((await assignments.actionsAt(reader, registry)).allows(read)).toBe(false);
    expect((await assignments.actionsAt(owner, registry)).allowsData(read)).toBe(false);
  });

  it('holds at its scope and below, whatever the letters, and nowhere else', async () => {
    const assignments = await process();
    const who = await somebody();
    await assignments.assign(who, 'Reader', `${group.toUpperCase()}/`);
    const may = async (scope: string) => (await assignments.actionsAt(who, scope)).allows(`${acr}/read`);
    expect(await may(registry)).toBe(true);
    expect(await may(group)).toBe(true);
    expect(await may(`${group}2`)).toBe(false);
    expect(await may(subscription)).toBe(false);
    expect(await assignments.sees(who, subscription)).toBe(true);
    expect(await assignments.sees(who, `/subscriptions/${randomUUID()}`)).toBe(false);
  });

  it('adds to the others one holds', async () => {
    const assignments = await process();
    const who = await somebody();
    await assignments.assign(who, 'AcrPull', subscription);
    await assignments.assign(who, 'AcrDelete', registry);
    const at = await assignments.actionsAt(who, registry);
    expect(at.roles.toSorted()).toEqual(['AcrDelete', 'AcrPull']);
    expect([at.allows(`${acr}/pull/read`), at.allows(`${acr}/artifacts/delete`), at.allows(`${acr}/push/write`)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is assigned once, even by two at the same time', async () => {
    const assignments = await process();
    const who = await somebody();
    const both = await Promise.all([
      assignments.assign(who, 'AcrPull', registry),
      assignments.assign(who, 'AcrPull', registry.toLowerCase()),
    ]);
    expect(both.filter((one) => one.isNew)).toHaveLength(1);
    expect(new Set(both.map((one) => one.assignment.id)).size).toBe(1);
  });

  it('given or taken in one process counts at once in that one and soon in the others', async () => {
    const [here, there] = [await process(), await process()];
    const who = await somebody();
    const may = async (where: RoleAssignments) => (await where.actionsAt(who, registry)).allows(`${acr}/pull/read`);
    expect([await may(here), await may(there)]).toEqual([false, false]);
    const { assignment } = await here.assign(who, 'AcrPull', registry);
    expect(await may(here)).toBe(true);
    await eventually(async () => expect(await may(there)).toBe(true));
    expect(await here.unassign(assignment.id)).toBe(true);
    expect(await here.unassign(assignment.id)).toBe(false);
    expect(await may(here)).toBe(false);
    await eventually(async () => expect(await may(there)).toBe(false));
  });

  it('is worth nothing while its principal is disabled', async () => {
    const assignments = await process();
    const who = await somebody();
    await assignments.assign(who, 'AcrPull', registry);
    await principals.update(who, { enabled: false });
    await eventually(async () => expect((await assignments.actionsAt(who, registry)).roles).toEqual([]));
  });

  it('goes with its resource: who had rights on the old one has none on a new one of the same name', async () => {
    const assignments = await process();
    const who = await somebody();
    await assignments.assign(who, 'AcrPull', registry);
    await assignments.assign(who, 'AcrDelete', `${registry}2`);
    await db.dataSource.transaction((manager) => assignments.resourceGone(registry.toLowerCase(), randomUUID(), manager));
    expect((await assignments.actionsAt(who, registry)).roles).toEqual([]);
    expect((await assignments.actionsAt(who, `${registry}2`)).roles).toEqual(['AcrDelete']);
  });
});

describe('a subscription', () => {
  it('never loses its last Owner', async () => {
    const assignments = await process();
    const scope = `/subscriptions/${randomUUID()}`;
    const [first, second] = [await somebody(), await somebody()];
    const { assignment: one } = await assignments.assign(first, 'Owner', scope);
    await expect(assignments.unassign(one.id)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(principals.remove(first)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(principals.update(first, { enabled: false })).rejects.toMatchObject({ code: 'Conflict' });

    const { assignment: two } = await assignments.assign(second, 'Owner', scope);
    const both = await Promise.allSettled([assignments.unassign(one.id), assignments.unassign(two.id)]);
    expect(both.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

it('lists what reaches a scope, from above and from below', async () => {
  const assignments = await process();
  const scope = `/subscriptions/${randomUUID()}`;
  const who = await somebody();
  await assignments.assign(who, 'Reader', scope, { description: 'above', createdBy: who });
  await assignments.assign(who, 'AcrPull', `${scope}/resourceGroups/a_b`);
  await assignments.assign(who, 'AcrPush', `${scope}/resourceGroups/aXb`);
  const names = async (at: string, below: boolean) =>
    (await assignments.at(at, { below, limit: 100 })).map((one) => one.roleName).toSorted();
  expect(await names(`${scope}/resourceGroups/a_b`, false)).toEqual(['AcrPull', 'Reader']);
  expect(await names(scope, false)).toEqual(['Reader']);
  expect(await names(scope, true)).toEqual(['AcrPull', 'AcrPush', 'Reader']);
  const [reader] = (await assignments.ofPrincipal(who)).filter((one) => one.roleName === 'Reader');
  expect(reader).toMatchObject({ roleDefinitionId: roles.Reader.id, scope, description: 'above', createdBy: who });
});
