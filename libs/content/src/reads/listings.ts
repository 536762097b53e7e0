import { Fault } from '#lib/domain';
import type { PipelinedPool } from '#lib/platform';
import type { NamePage, RepositoryKey } from '../types.js';

/** No page is longer, whoever asks: 1,000 names are at most 256 KB. */
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

function bounded(n: number): number {
  return Math.max(0, Math.min(Math.trunc(n) || 0, longest));
}

/** `n` of zero asks for nothing, not for a page that has a successor. */
function cut(names: string[], n: number): NamePage {
  return { names: names.slice(0, n), more: n > 0 && names.length > n };
}
