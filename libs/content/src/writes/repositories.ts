import type { Queries } from '#lib/platform';
import type { RepositoryKey } from '../types.js';
import { Vanished } from './retry.js';

const make = {
  name: 'content-repository-make',
  text: `INSERT INTO content.repositories (registry_id, name)
         SELECT $1::uuid, $2::text WHERE NOT EXISTS (SELECT FROM content.repositories WHERE registry_id = $1::uuid AND name = $2::text)
         ON CONFLICT DO NOTHING`,
};
const share = {
  name: 'content-repository-share',
  text: 'SELECT id FROM content.repositories WHERE registry_id = $1 AND name = $2 FOR KEY SHARE',
};
const own = {
  name: 'content-repository-own',
  text: 'SELECT id FROM content.repositories WHERE registry_id = $1 AND name = $2 FOR UPDATE',
};

/**
 * The rule of this lib's transactions: what adds to a repository holds its row shared, what removes from it holds it alone,
 * both before they read anything else of it. So an addition never builds on what is being removed, and additions never
 * wait for each other. Order of locks: repository, blob, room of the registry, registry_blobs, usage, tags. (A new small blob takes
 * its room first; should that meet a large push of the same bytes in a full registry, Postgres ends one and it is run again.)
 */
export async function shareRepository(queries: Queries, at: RepositoryKey): Promise<string> {
  const values = [at.registryId, at.repository];
  const [known] = await queries.query<{ id: string }>(share, values);
  if (known) return known.id;
  const [, [made]] = await Promise.all([queries.query(make, values), queries.query<{ id: string }>(share, values)]);
  if (!made) throw new Vanished();
  return made.id;
}

/** Holds the repository alone until the end of the transaction; null if there is none. */
export async function ownRepository(queries: Queries, { registryId, repository }: RepositoryKey): Promise<string | null> {
  const [row] = await queries.query<{ id: string }>(own, [registryId, repository]);
  return row?.id ?? null;
}

const ownId = {
  name: 'content-repository-own-id',
  text: 'SELECT registry_id FROM content.repositories WHERE id = $1 FOR UPDATE',
};

/** The same, by id; gives the registry. */
export async function ownRepositoryById(queries: Queries, id: string): Promise<string | null> {
  const [row] = await queries.query<{ registry_id: string }>(ownId, [id]);
  return row?.registry_id ?? null;
}

const tidyListed = {
  name: 'content-repository-unlist',
  text: `UPDATE content.repositories SET listed = false
         WHERE id = $1 AND listed AND NOT EXISTS (SELECT FROM content.manifests WHERE repository_id = $1)`,
};
const tidyEmpty = {
  name: 'content-repository-drop',
  text: `DELETE FROM content.repositories
         WHERE id = $1 AND NOT EXISTS (SELECT FROM content.manifests WHERE repository_id = $1)
           AND NOT EXISTS (SELECT FROM content.repository_blobs WHERE repository_id = $1)`,
};

/** After a removal, under the same lock: a repository without manifests is not listed, one without anything is gone. */
export async function tidyRepository(queries: Queries, id: string): Promise<void> {
  await Promise.all([queries.query(tidyListed, [id]), queries.query(tidyEmpty, [id])]);
}
