import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestManagement } from '../testing/test-management.js';

let management: TestManagement;

beforeAll(async () => {
  management = await TestManagement.start();
});
afterAll(() => management?.stop());

const options = { apiVersion: '2022-12-01' };

describe('subscriptions and tenants', () => {
  it('shows the caller its tenant', async () => {
    const { status, body } = await management.owner.arm.get('/tenants', options);
    expect(status).toBe(200);
    expect(body.value).toEqual([expect.objectContaining({ tenantId: management.tenantId, displayName: 'Test', tenantCategory: 'Home' })]);
  });

  it('lists the subscriptions in which the caller holds a role', async () => {
    const { body } = await management.owner.arm.get('/subscriptions', options);
    expect(body.value).toEqual([expect.objectContaining({ subscriptionId: management.subscriptionId, state: 'Enabled' })]);
    expect(body).not.toHaveProperty('nextLink');
    const stranger = await management.caller();
    expect((await stranger.arm.get('/subscriptions', options)).body.value).toEqual([]);
  });

  it('gets one, whatever the casing of the path', async () => {
    const path = `/SUBSCRIPTIONS/${management.subscriptionId.toUpperCase()}/`;
    const { status, body } = await management.owner.arm.get(path, options);
    expect(status).toBe(200);
    expect(body.id).toBe(`/subscriptions/${management.subscriptionId}`);
  });

  it('lists the regions of the installation by their display names', async () => {
    const { body } = await management.owner.arm.get(`/subscriptions/${management.subscriptionId}/locations`, options);
    expect(body.value.map((location: { name: string; displayName: string }) => [location.name, location.displayName])).toEqual([
      ['eastus', 'East US'],
      ['westeurope', 'West Europe'],
    ]);
  });
});
