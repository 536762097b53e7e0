import { describe, expect, it } from 'vitest';
import { scopeCovers, scopeKey, scopeText } from './scopes.js';

const registry = '/subscriptions/S/resourceGroups/Rg/providers/Microsoft.ContainerRegistry/registries/MyReg';

describe('scopes', () => {
  it.each([
    ['/', registry, true],
    ['/subscriptions/s', registry, true],
    ['/subscriptions/s/resourcegroups/RG/', registry, true],
    [registry.toUpperCase(), registry, true],
    [registry, `${registry}/webhooks/w`, true],
    ['/subscriptions/s/resourceGroups/r', registry, false],
    ['/subscriptions', '/subscriptions2/s', false],
    [`${registry}/webhooks/w`, registry, false],
    [`${registry}2`, registry, false],
  ])('%s covers %s: %s', (outer, inner, covers) => {
    expect(scopeCovers(scopeKey(outer), scopeKey(inner))).toBe(covers);
  });

  it('keeps the letters as given', () => {
    expect(scopeText('/subscriptions/ABC/')).toBe('/subscriptions/ABC');
    expect(scopeText('/')).toBe('/');
  });
});
