import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broadcast } from '#lib/platform';
import { testDatabase } from '#lib/testkit';
import { Principals } from '../principals/principals.js';
import { RoleAssignments } from '../roles/role-assignments.js';
import { ensureBootstrap } from './ensure-bootstrap.js';

let db: Awaited<ReturnType<typeof testDatabase>>;
let broadcast: Broadcast;

beforeEach(async () => {
  db = await testDatabase();
  broadcast = new Broadcast({ url: db.url, applicationName: 'bootstrap-spec' });
});
afterEach(async () => {
  await broadcast.close();
  await db.drop();
});

/** What a process that starts brings along. */
function parts() {
  const { dataSource } = db;
  return {
    dataSource,
    principals: new Principals({ dataSource, broadcast }),
    roleAssignments: new RoleAssignments({ dataSource, broadcast }),
  };
}

describe('the first start', () => {
  it('makes somebody who owns the first subscription', async () => {
    const first = await ensureBootstrap(parts());
    expect(first).toMatchObject({ isNew: true, clientSecret: expect.any(String) });
    const { principals, roleAssignments } = parts();
    expect(await principals.checkSecret(first.clientId, first.clientSecret!)).toMatchObject({
      id: first.principalId,
      tenantId: first.tenantId,
    });
    const at = await roleAssignments.actionsAt(first.principalId, `/subscriptions/${first.subscriptionId}/resourceGroups/any`);
    expect(at.roles).toEqual(['Owner']);
  });

  it('takes the ids it is given', async () => {
    const wish = { tenantId: randomUUID(), subscriptionId: randomUUID() };
    expect(await ensureBootstrap(parts(), wish)).toMatchObject(wish);
    expect(await ensureBootstrap(parts(), { tenantId: randomUUID() })).toMatchObject(wish);
  });

  it('happens once, however many processes start at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => ensureBootstrap(parts(), {})));
    expect(all.filter((one) => one.isNew)).toHaveLength(1);
    expect(new Set(all.map((one) => `${one.tenantId} ${one.subscriptionId} ${one.clientId}`)).size).toBe(1);
  });
});

describe('a later start', () => {
  it('issues no secret while the credentials file opens the door', async () => {
    const { clientId, clientSecret } = await ensureBootstrap(parts());
    const again = await ensureBootstrap(parts(), { credentials: { clientId, clientSecret: clientSecret! } });
    expect(again.clientSecret).toBeUndefined();
    expect(again).toMatchObject({ clientId, isNew: false });
  });

  it('issues a new one when the file is lost or of another database, and the old one still works', async () => {
    const first = await ensureBootstrap(parts());
    const lost = await ensureBootstrap(parts());
    const foreign = await ensureBootstrap(parts(), { credentials: { clientId: randomUUID(), clientSecret: 'x' } });
    const { principals } = parts();
    for (const { clientSecret } of [first, lost, foreign])
      expect(await principals.checkSecret(first.clientId, clientSecret!)).not.toBeNull();
    expect(new Set([first.clientSecret, lost.clientSecret, foreign.clientSecret]).size).toBe(3);
  });

  it('renews a secret that ends soon, if the new one can be kept; the old one works to its end', async () => {
    const { clientId, clientSecret, principalId } = await ensureBootstrap(parts());
    const credentials = { clientId, clientSecret: clientSecret! };
    const [secret] = await parts().principals.secrets(principalId);
    const days = (secret!.expiresAt.getTime() - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
    expect((await ensureBootstrap(parts(), { credentials, mayRenew: true })).clientSecret).toBeUndefined();
    await db.dataSource.query(`UPDATE identity.client_secrets SET expires_at = now() + interval '30 days'`);
    expect((await ensureBootstrap(parts(), { credentials })).clientSecret).toBeUndefined();
    const renewed = await ensureBootstrap(parts(), { credentials, mayRenew: true });
    for (const each of [clientSecret!, renewed.clientSecret!]) expect(await parts().principals.checkSecret(clientId, each)).not.toBeNull();
    const again = { clientId, clientSecret: renewed.clientSecret! };
    expect((await ensureBootstrap(parts(), { credentials: again, mayRenew: true })).clientSecret).toBeUndefined();
  });

  it('keeps the number of secrets bounded', async () => {
    await ensureBootstrap(parts());
    let last = '';
    for (let i = 0; i < 12; i++) last = (await ensureBootstrap(parts())).clientSecret!;
    const { principals } = parts();
    const { principalId, clientId } = await ensureBootstrap(parts());
    expect(await principals.secrets(principalId)).toHaveLength(5);
    expect(await principals.checkSecret(clientId, last)).not.toBeNull();
  });

  it('does not open a door that an operator has closed', async () => {
    const { principals, roleAssignments } = parts();
    const first = await ensureBootstrap(parts());
    const { principal } = await principals.create({ tenantId: first.tenantId, displayName: 'operator' });
    await roleAssignments.assign(principal.id, 'Owner', `/subscriptions/${first.subscriptionId}`);
    await principals.update(first.principalId, { enabled: false });
    expect((await ensureBootstrap(parts())).clientSecret).toBeUndefined();
    await principals.remove(first.principalId);
    expect(await ensureBootstrap(parts())).toMatchObject({ clientId: first.clientId, isNew: false });
  });
});
