import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  Fault,
  actionMatches,
  formatScope,
  isRepositoryName,
  normalizeRegion,
  parseScope,
  regionDisplayName,
  requireFeature,
  requireRoom,
  roleAllows,
  skuNames,
  roles,
} from './index.js';

describe('names', () => {
  it.each(['a', 'a/b', 'library/hello-world', 'a__b', 'a.b-c_d/e', 'a--b', 'a'.repeat(255)])('takes %s as a repository', (name) => {
    expect(isRepositoryName(name)).toBe(true);
  });
  it.each(['', 'A', '/a', 'a/', 'a//b', '../a', 'a..b', 'a___b', '-a', 'a%2fb', 'a\u0000', 'a'.repeat(256)])(
    'refuses %j as a repository',
    (name) => {
      expect(isRepositoryName(name)).toBe(false);
    },
  );
});

describe('regions', () => {
  it('takes a display name for the region it names', () => {
    expect(normalizeRegion('West  Europe')).toBe('westeurope');
    expect(regionDisplayName('westeurope')).toBe('West Europe');
    expect(regionDisplayName('basement')).toBe('basement');
  });
});

describe('scopes', () => {
  it('keeps a host with a port in the name', () => {
    expect(parseScope('repository:localhost:5000/a/b:pull,push')).toEqual({
      type: 'repository',
      name: 'localhost:5000/a/b',
      actions: ['pull', 'push'],
    });
    expect(formatScope(parseScope('registry:catalog:*')!)).toBe('registry:catalog:*');
  });
  it('drops empty and doubled actions, and refuses what is no scope', () => {
    expect(parseScope('repository:a:pull,,pull')?.actions).toEqual(['pull']);
    expect(parseScope('repository(plugin):a:pull')?.type).toBe('repository');
    expect(parseScope('repository')).toBeNull();
    expect(parseScope('repository:a b:pull')).toBeNull();
  });
});

describe('roles', () => {
  it('matches actions as Azure does', () => {
    expect(actionMatches('*/read', 'Microsoft.ContainerRegistry/registries/pull/read')).toBe(true);
    expect(actionMatches('*/read', 'Microsoft.ContainerRegistry/registries/write')).toBe(false);
    expect(actionMatches('Microsoft.Authorization/*/Write', 'microsoft.authorization/roleAssignments/write')).toBe(true);
    expect(actionMatches('a/*/a', 'a/a')).toBe(false);
  });
  it('keeps a Contributor from assigning roles, and a Reader from listing credentials', () => {
    expect(roleAllows(roles.Contributor, 'Microsoft.Authorization/roleAssignments/write')).toBe(false);
    expect(roleAllows(roles.Contributor, 'Microsoft.ContainerRegistry/registries/write')).toBe(true);
    expect(roleAllows(roles.Reader, 'Microsoft.ContainerRegistry/registries/listCredentials/action')).toBe(false);
  });
});

describe('the SKU table', () => {
  it('refuses a feature with the SKUs that have it', () => {
    expect(() => requireFeature('Basic', 'anonymousPull')).toThrow(/available in: Standard, Premium/);
    expect(() => requireFeature('Premium', 'geoReplication')).not.toThrow();
  });
  it.each(skuNames)('gives %s 1,000 cache rules, as the documentation says, and not one more', (sku) => {
    const documentation = readFileSync(join(import.meta.dirname, '../../../docs/registries.md'), 'utf8');
    const row = /^\| cache rules +\|(.*)\|$/m.exec(documentation)![1]!.split('|');
    expect(row[skuNames.indexOf(sku)]!.trim()).toBe('1,000');
    expect(() => requireRoom(sku, 'cacheRules', 999)).not.toThrow();
    expect(() => requireRoom(sku, 'cacheRules', 1_000)).toThrow(/allows 1000|1,000/);
  });
  it('refuses the third webhook of a Basic registry, and never where there is no limit', () => {
    expect(() => requireRoom('Basic', 'webhooks', 2)).toThrow(Fault);
    expect(() => requireRoom('Basic', 'webhooks', 1)).not.toThrow();
    expect(() => requireRoom('Premium', 'geoReplications', 1_000)).not.toThrow();
  });
});
