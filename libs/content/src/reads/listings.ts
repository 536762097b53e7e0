import { Fault } from '#lib/domain';
import type { PipelinedPool } from '#lib/platform';
import type { CatalogPage, NamePage, RepositoryKey } from '../types.js';

/** No page is longer: 1,000 names are at most 256 KB. */
const longest = 1_000;

// Keyset pages over an index in raw byte order: the cost is the page, not the listing. One row, serialised by Postgres.
const tags = {
  name: 'content-tags',
  text: `SELECT to_json(ARRAY(SELECT t.name FROM content.tags t WHERE t.repository_id = r.id AND t.name > $3 ORDER BY t.name LIMIT $4)) AS names
         FROM content.repositories r WHERE r.registry_id = $1 AND r.name = $2 AND r.listed`,
};
const catalog = {
  name: 'content-catalog',
  text: `SELECT to_json(ARRAY(SELECT name FROM content.repositories
                              WHERE registry_id = $1 AND listed AND name > $2 ORDER BY name LIMIT $3)) AS names`,
};

// Goes through the registries one by one and stops when the page is full, however many there are and however large they are.
const catalogs = {
  name: 'content-catalogs',
  text: `WITH RECURSIVE walk (at, names, room) AS (
           SELECT 1, ARRAY(SELECT name FROM content.repositories
                           WHERE registry_id = ($1::uuid[])[1] AND listed AND name > $2 ORDER BY name LIMIT $3), $3::int
           UNION ALL
           SELECT at + 1, ARRAY(SELECT name FROM content.repositories
                                WHERE registry_id = ($1::uuid[])[at + 1] AND listed ORDER BY name LIMIT room - cardinality(names)),
                  room - cardinality(names)
           FROM walk WHERE at < cardinality($1) AND room > cardinality(names)
         )
         SELECT at, names FROM walk WHERE cardinality(names) > 0 ORDER BY at`,
};

interface Names {
  names: string[];
}

export async function listTags(
  pool: PipelinedPool,
  { registryId, repository }: RepositoryKey,
  page: { n: number; last: string },
): Promise<NamePage> {
  const n = bounded(page.n);
  const [row] = await pool.queryApart<Names>(tags, [registryId, repository, page.last, n + 1]);
  if (!row) throw new Fault('NameUnknown', 'repository name not known to registry', { detail: { name: repository } });
  return cut(row.names, n);
}

export async function listRepositories(pool: PipelinedPool, registryId: string, page: { n: number; last: string }): Promise<NamePage> {
  const n = bounded(page.n);
  const [row] = await pool.queryApart<Names>(catalog, [registryId, page.last, n + 1]);
  return cut(row?.names ?? [], n);
}

/** The same for several registries, in the order given; `last` is a repository of the first one. */
export async function listRepositoriesOf(
  pool: PipelinedPool,
  registryIds: readonly string[],
  page: { n: number; last: string },
): Promise<CatalogPage> {
  const n = bounded(page.n);
  if (n === 0 || registryIds.length === 0) return { repositories: [], more: false };
  const rows = await pool.queryApart<{ at: number; names: string[] }>(catalogs, [registryIds, page.last, n + 1]);
  const repositories = rows.flatMap(({ at, names }) => names.map((name) => ({ registryId: registryIds[at - 1]!, name })));
  return { repositories: repositories.slice(0, n), more: repositories.length > n };
}

function bounded(n: number): number {
  return Math.max(0, Math.min(Math.trunc(n) || 0, longest));
}

/** `n` of zero asks for nothing, not for a page that has a successor. */
function cut(names: string[], n: number): NamePage {
  return { names: names.slice(0, n), more: n > 0 && names.length > n };
}
