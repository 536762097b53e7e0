import { describe, expect, it } from 'vitest';
import { foldId, formatResourceId, parseResourceId, resourceGroupId, resourceTypeOf, sameId } from './ids.js';

const sub = '11111111-2222-3333-4444-555555555555';

describe('resource ids', () => {
  it.each([
    `/subscriptions/${sub}`,
    `/subscriptions/${sub}/resourceGroups/My-Group`,
    `/subscriptions/${sub}/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/R1`,
    `/subscriptions/${sub}/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r/webhooks/w`,
    `/subscriptions/${sub}/providers/Microsoft.ContainerRegistry/locations/eastus`,
  ])('are written as they were read: %s', (id) => {
    expect(formatResourceId(parseResourceId(id)!)).toBe(id);
  });

  it('are read in any casing, and keep the casing of names', () => {
    const id = parseResourceId(`/SUBSCRIPTIONS/${sub}/RESOURCEGROUPS/Gg/PROVIDERS/microsoft.containerregistry/Registries/RegOne/`)!;
    expect(id).toMatchObject({ resourceGroup: 'Gg', steps: [{ type: 'Registries', name: 'RegOne' }] });
    expect(resourceTypeOf(id)).toBe('microsoft.containerregistry/Registries');
    expect(
      sameId(formatResourceId(id), `/subscriptions/${sub}/resourcegroups/gG/providers/Microsoft.ContainerRegistry/registries/regone`),
    ).toBe(true);
    expect(foldId('/A/B//')).toBe('/a/b');
  });

  it.each([
    '',
    '/',
    'subscriptions/x',
    '/subscriptions',
    `/subscriptions/${sub}/resourceGroups`,
    `/subscriptions/${sub}/providers/X`,
    `/subscriptions/${sub}/resourceGroups/g/providers/N/type`,
    `/subscriptions/${sub}?x=1`,
    `/subscriptions/${'x'.repeat(3000)}`,
  ])('are none: %s', (text) => expect(parseResourceId(text)).toBeNull());

  it('of groups have no type of a provider', () => {
    expect(resourceTypeOf(parseResourceId(resourceGroupId(sub, 'g'))!)).toBeNull();
  });
});
