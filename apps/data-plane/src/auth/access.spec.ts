import { describe, expect, it } from 'vitest';
import { parseScope } from '#lib/domain';
import { allows, anonymousRights, everyRight, grant, noRight, type Right } from './access.js';
import { presentedCredentials } from './authorization-header.js';

const scope = (text: string) => parseScope(text)!;
const pullOnly = new Set<Right>(['pull', 'metadata_read', 'catalog']);

describe('a grant', () => {
  it('is the intersection of what was asked and what may be', () => {
    expect(grant(scope('repository:app:pull,push'), pullOnly)).toEqual({ type: 'repository', name: 'app', actions: ['pull'] });
    expect(grant(scope('repository:app:push,pull,fly'), everyRight).actions).toEqual(['push', 'pull']);
    expect(grant(scope('repository:app:pull'), noRight).actions).toEqual([]);
  });

  it('keeps the star for those who may everything, and spells it out for others', () => {
    expect(grant(scope('repository:*:*'), everyRight).actions).toEqual(['*']);
    expect(grant(scope('repository:app:*'), pullOnly).actions).toEqual(['pull', 'metadata_read']);
  });

  it('lists repositories to those who may', () => {
    expect(grant(scope('registry:catalog:*'), pullOnly).actions).toEqual(['*']);
    expect(grant(scope('registry:myreg/catalog:*'), pullOnly).actions).toEqual(['*']);
    expect(grant(scope('registry:catalog:*'), anonymousRights).actions).toEqual([]);
    expect(grant(scope('registry:deleted_catalog:*'), pullOnly).actions).toEqual([]);
    expect(grant(scope('registry:other:*'), everyRight).actions).toEqual([]);
  });

  it('is nothing for kinds of resources there are none of', () => {
    expect(grant(scope('artifact-repository:repo:pull'), everyRight).actions).toEqual([]);
  });
});

describe('access', () => {
  const access = [
    { type: 'repository', name: 'app', actions: ['pull'] },
    { type: 'repository', name: 'myreg/*', actions: ['*'] },
  ];

  it('is to what it names and to nothing else', () => {
    expect(allows(access, 'repository', 'app', 'pull')).toBe(true);
    expect(allows(access, 'repository', 'app', 'push')).toBe(false);
    expect(allows(access, 'repository', 'app2', 'pull')).toBe(false);
    expect(allows(access, 'registry', 'app', 'pull')).toBe(false);
  });

  it('reaches below a wildcard and not beside it', () => {
    expect(allows(access, 'repository', 'myreg/team/app', 'delete')).toBe(true);
    expect(allows(access, 'repository', 'myreg2/app', 'pull')).toBe(false);
    expect(allows(access, 'repository', 'myreg', 'pull')).toBe(false);
  });
});

describe('an Authorization header', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it('holds a token or a user and a password', () => {
    expect(presentedCredentials('Bearer abc.def')).toEqual({ kind: 'bearer', token: 'abc.def' });
    expect(presentedCredentials(basic('user:pass:word'))).toEqual({ kind: 'basic', user: 'user', password: 'pass:word' });
    expect(presentedCredentials('bearer x')).toEqual({ kind: 'bearer', token: 'x' });
  });

  it('holds nothing, or nothing we understand', () => {
    expect(presentedCredentials(undefined)).toEqual({ kind: 'none' });
    for (const header of ['Digest x', 'Bearer', 'Bearer ', basic('nocolon'), 'x', `Bearer ${'a'.repeat(40_000)}`]) {
      expect(presentedCredentials(header)).toEqual({ kind: 'unreadable' });
    }
  });
});
