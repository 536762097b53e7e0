import { describe, expect, it } from 'vitest';
import { armTargetOf } from './arm-target.js';

const s = '/subscriptions/00000000-0000-0000-0000-000000000001';
const acr = 'Microsoft.ContainerRegistry';

describe('what a request is about', () => {
  it.each([
    ['GET', s, s, 'Microsoft.Resources/subscriptions/read'],
    ['GET', `${s}/`, s, 'Microsoft.Resources/subscriptions/read'],
    ['GET', `${s}/locations?api-version=2022-12-01`, s, 'Microsoft.Resources/subscriptions/locations/read'],
    ['GET', `${s}/resources?$filter=x`, s, 'Microsoft.Resources/subscriptions/resources/read'],
    ['GET', `${s}/resourceGroups`, s, 'Microsoft.Resources/subscriptions/resourceGroups/read'],
    ['PUT', `${s}/resourcegroups/rg`, `${s}/resourceGroups/rg`, 'Microsoft.Resources/subscriptions/resourceGroups/write'],
    ['HEAD', `${s}/resourcegroups/rg`, `${s}/resourceGroups/rg`, 'Microsoft.Resources/subscriptions/resourceGroups/read'],
    [
      'GET',
      `${s}/resourceGroups/rg/resources`,
      `${s}/resourceGroups/rg`,
      'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
    ],
    ['GET', `${s}/providers`, s, 'Microsoft.Resources/subscriptions/providers/read'],
    ['GET', `${s}/providers/${acr}`, s, 'Microsoft.Resources/subscriptions/providers/read'],
    ['POST', `${s}/providers/${acr}/register`, s, `${acr}/register/action`],
    ['POST', `${s}/providers/${acr}/checkNameAvailability`, s, `${acr}/checkNameAvailability/action`],
    ['GET', `${s}/providers/${acr}/registries`, s, `${acr}/registries/read`],
    ['GET', `${s}/resourceGroups/rg/providers/${acr}/registries`, `${s}/resourceGroups/rg`, `${acr}/registries/read`],
    [
      'PATCH',
      `${s}/resourceGroups/rg/providers/${acr}/registries/r`,
      `${s}/resourceGroups/rg/providers/${acr}/registries/r`,
      `${acr}/registries/write`,
    ],
    [
      'DELETE',
      `${s}/resourceGroups/rg/providers/${acr}/registries/r`,
      `${s}/resourceGroups/rg/providers/${acr}/registries/r`,
      `${acr}/registries/delete`,
    ],
    [
      'POST',
      `${s}/resourceGroups/rg/providers/${acr}/registries/r/listCredentials`,
      `${s}/resourceGroups/rg/providers/${acr}/registries/r`,
      `${acr}/registries/listCredentials/action`,
    ],
    [
      'POST',
      `${s}/resourceGroups/rg/providers/${acr}/registries/r/webhooks/w/ping`,
      `${s}/resourceGroups/rg/providers/${acr}/registries/r/webhooks/w`,
      `${acr}/registries/webhooks/ping/action`,
    ],
    [
      'PUT',
      `${s}/resourceGroups/rg/providers/${acr}/registries/r/providers/Microsoft.Authorization/roleAssignments/n`,
      `${s}/resourceGroups/rg/providers/${acr}/registries/r/providers/Microsoft.Authorization/roleAssignments/n`,
      'Microsoft.Authorization/roleAssignments/write',
    ],
    ['GET', `${s}/providers/Microsoft.Authorization/roleDefinitions`, s, 'Microsoft.Authorization/roleDefinitions/read'],
    [
      'GET',
      `${s}/resourceGroups/providers/providers/${acr}/registries/r`,
      `${s}/resourceGroups/providers/providers/${acr}/registries/r`,
      `${acr}/registries/read`,
    ],
  ])('%s %s', (method, url, scope, action) => {
    expect(armTargetOf(method, url)).toMatchObject({ scope, action });
  });

  it('is about no subscription elsewhere', () => {
    for (const url of ['/subscriptions', '/subscriptions?api-version=x', '/tenants', '/providers/x', '/'])
      expect(armTargetOf('GET', url)).toBeNull();
  });

  it('refuses a subscription id that is none', () => {
    expect(() => armTargetOf('GET', '/subscriptions/abc/resourceGroups')).toThrow(/'abc' is malformed/);
  });

  it('does not let an encoded slash move the scope', () => {
    expect(armTargetOf('GET', `${s}/resourceGroups/a%2Fproviders%2F${acr}`)?.scope).toBe(`${s}/resourceGroups/a%2Fproviders%2F${acr}`);
    expect(armTargetOf('GET', `${s}/resourceGroups/my%20group`)?.scope).toBe(`${s}/resourceGroups/my group`);
  });
});
