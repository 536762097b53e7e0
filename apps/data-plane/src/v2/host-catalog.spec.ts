import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Reach, ReachPage, RegistrySnapshot } from '#lib/control';
import { SecretBox } from '#lib/platform';
import type { Right } from '../auth/access.js';
import type { Subject } from '../tokens/registry-tokens.js';
import { HostCatalog } from './host-catalog.js';

const subject: Subject = { kind: 'principal', principalId: 'p', tenantId: 't', via: 'secret' };
const network = { publicNetworkAccess: 'Enabled', networkRuleSet: { defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] } };

/** An installation of these registries in the order of their names; counts what is asked of the database. */
function installation(registries: { name: string; repositories?: string[]; isOpen?: boolean }[]) {
  const asked = { registries: 0, contents: 0, largest: 0 };
  const all = registries.map(({ name }) => ({ id: name, name, ...network }) as unknown as RegistrySnapshot);
  const of = new Map(registries.map((registry) => [registry.name, registry]));
  const catalog = new HostCatalog({
    registries: { find: async () => null, serves: () => true },
    inReach: {
      page: async (_reach: Reach, { from, limit }: ReachPage) => {
        asked.registries += 1;
        return all.filter(({ name }) => name >= from).slice(0, limit);
      },
    },
    roles: { held: async () => [{ role: 'AcrPull', scopeKey: '/' }] },
    rights: { of: async (_subject, registry) => new Set<Right>(of.get(registry!.name)!.isOpen === false ? [] : ['catalog']) },
    index: {
      catalogOf: async (ids, { n, last }) => {
        asked.contents += 1;
        asked.largest = Math.max(asked.largest, ids.length);
        const found = ids.flatMap((registryId, at) =>
          (of.get(registryId)!.repositories ?? []).filter((name) => at > 0 || name > last).map((name) => ({ registryId, name })),
        );
        return { repositories: found.slice(0, n), more: found.length > n };
      },
    },
    box: new SecretBox(randomBytes(32).toString('base64')),
  });
  const walk = async (n: number): Promise<{ names: string[]; cursors: string[] }> => {
    const [names, cursors]: [string[], string[]] = [[], []];
    for (let last: string | null = ''; last !== null && cursors.length < 1_000;) {
      const page = await catalog.page(subject, '127.0.0.1', { n, last });
      names.push(...page.names);
      last = page.next;
      if (last !== null) cursors.push(last);
    }
    return { names, cursors };
  };
  return { asked, catalog, walk };
}
const named = (count: number, more: (at: number) => { repositories?: string[]; isOpen?: boolean }) =>
  Array.from({ length: count }, (_, at) => ({ name: `reg${String(at).padStart(5, '0')}`, ...more(at) }));

describe('a page of the catalog of a host', () => {
  it('costs at most two queries, each about at most 251 registries, where 10,000 are empty', async () => {
    const { asked, catalog } = installation(named(10_000, (at) => ({ repositories: at === 9_999 ? ['app'] : [] })));
    const { names, next } = await catalog.page(subject, '127.0.0.1', { n: 1_000, last: '' });
    expect([names.length, asked]).toEqual([0, { registries: 1, contents: 1, largest: 250 }]);
    expect(next).not.toBeNull();
  });

  it('leads to the next one until everything was seen, once', async () => {
    const { walk } = installation(named(2_000, (at) => ({ repositories: at % 300 === 7 ? ['a', 'b', 'c/d'] : [], isOpen: at % 2 === 1 })));
    const expected = Array.from({ length: 2_000 }, (_, at) => at)
      .filter((at) => at % 300 === 7 && at % 2 === 1)
      .flatMap((at) => ['a', 'b', 'c/d'].map((name) => `reg${String(at).padStart(5, '0')}/${name}`));
    for (const n of [1, 2, 5, 1_000]) expect((await walk(n)).names).toEqual(expected);
  });

  it('never names a registry that the caller may not list, nor lets one be recognised in the link', async () => {
    const { walk } = installation(named(1_000, () => ({ repositories: ['secret'], isOpen: false })));
    const { names, cursors } = await walk(100);
    expect(names).toEqual([]);
    expect(cursors).toHaveLength(3);
    for (const cursor of cursors) expect(cursor).toMatch(/^~v1\.[\w-]+$/);
    expect(Buffer.from(cursors.join(), 'base64').toString('latin1')).not.toContain('reg0');
  });

  it('takes a link that somebody made up for a name', async () => {
    const { catalog } = installation(named(3, () => ({ repositories: ['app'] })));
    for (const last of ['~', '~v1.AAAA', `~${new SecretBox(randomBytes(32).toString('base64')).seal('catalog reg')}`])
      expect((await catalog.page(subject, '127.0.0.1', { n: 10, last })).names).toEqual([]);
  });

  it('asks nothing where nothing is wanted, and nothing of content where no registry is open', async () => {
    const { asked, catalog } = installation(named(3, () => ({ isOpen: false })));
    expect(await catalog.page(subject, '127.0.0.1', { n: 0, last: '' })).toEqual({ names: [], next: null });
    expect(asked).toMatchObject({ registries: 0, contents: 0 });
  });
});
