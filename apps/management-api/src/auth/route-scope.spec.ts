import { describe, expect, it } from 'vitest';
import { scopeOfRoute } from './route-scope.js';

const id = '00000000-0000-0000-0000-000000000001';
const s = `/subscriptions/${id}`;
const sub = '/subscriptions/:subscriptionId';
const group = `${sub}/resourceGroups/:resourceGroupName`;
const acr = 'Microsoft.ContainerRegistry';
const registry = `${group}/providers/${acr}/registries/:registryName`;
const r = `${s}/resourceGroups/rg/providers/${acr}/registries/r`;
const params = { subscriptionId: id, resourceGroupName: 'rg', registryName: 'r', name: 'n', childType: 'webhooks', childName: 'w' };

describe('The scope of a route', () => {
  it.each([
    [sub, s],
    [`${sub}/locations`, s],
    [`${sub}/resources`, s],
    [`${sub}/resourcegroups`, s],
    [`${sub}/resourcegroups/:resourceGroupName`, `${s}/resourceGroups/rg`],
    [`${group}/resources`, `${s}/resourceGroups/rg`],
    [`${sub}/providers`, s],
    [`${sub}/providers/:name`, s],
    [`${sub}/providers/:name/register`, s],
    [`${sub}/providers/${acr}/checkNameAvailability`, s],
    [`${sub}/providers/${acr}/registries`, s],
    [`${group}/providers/${acr}/registries`, `${s}/resourceGroups/rg`],
    [registry, r],
    [`${registry}/listCredentials`, r],
    [`${registry}/:childType/:childName/operationStatuses/:name`, `${r}/webhooks/w/operationStatuses/n`],
    [`${registry}/providers/Microsoft.Authorization/roleAssignments`, r],
    [`${registry}/providers/Microsoft.Authorization/roleAssignments/:name`, `${r}/providers/Microsoft.Authorization/roleAssignments/n`],
    [`${sub}/operationresults/:name`, s],
  ])('of %s is %s', (route, scope) => {
    expect(scopeOfRoute(route, params)?.scope).toBe(scope);
  });

  it('is the subscription itself for one route only', () => {
    expect(scopeOfRoute(sub, params)?.isSubscription).toBe(true);
    expect(scopeOfRoute(`${sub}/locations`, params)?.isSubscription).toBe(false);
  });

  it('is none outside a subscription', () => {
    for (const route of ['/subscriptions', '/tenants', '/providers/:name', '/:authority/oauth2/token', '/']) {
      expect(scopeOfRoute(route, params)).toBeNull();
    }
  });

  it('is not moved by a slash or a resource id in the value of a parameter', () => {
    const odd = { ...params, resourceGroupName: `a/providers/${acr}/registries/r`, registryName: '..' };
    expect(scopeOfRoute(registry, odd)?.scope).toBe(
      `${s}/resourceGroups/a%2Fproviders%2F${acr}%2Fregistries%2Fr/providers/${acr}/registries/..`,
    );
    expect(scopeOfRoute(group, { ...params, resourceGroupName: 'providers' })?.scope).toBe(`${s}/resourceGroups/providers`);
  });

  it('is refused when a value is missing', () => {
    expect(() => scopeOfRoute(registry, { ...params, registryName: undefined })).toThrow(/no value/);
  });
});
