import { createDataSource, migrate } from '#lib/platform';
import { dropDatabase, emptyDatabase } from '#lib/testkit';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { contentMigrations } from '../schema/schema.js';

const [first, ...later] = contentMigrations;
let url: string;
let dataSource: DataSource;

const open = async (migrations: typeof contentMigrations) => {
  dataSource = await createDataSource({ url, applicationName: 'spec', entities: [], migrations }).initialize();
  await migrate(dataSource, url);
};

/** What a push that came during the upgrade was told, while another one was under way all the time. */
let pushed: string;

/** Runs the upgrade beside a push that does not end before another one has come and gone. */
async function besideAPush(upgrade: () => Promise<void>): Promise<void> {
  const [slow, quick] = [new Client({ connectionString: url }), new Client({ connectionString: url })];
  await Promise.all([slow.connect(), quick.connect()]);
  const push = (digest: string) =>
    `INSERT INTO content.manifests (repository_id, digest, media_type, bytes) VALUES (1, '${digest}', 'x', '')`;
  await slow.query(`BEGIN; ${push('sha256:slow')}`);
  const upgrading = upgrade();
  // The first that has to wait for the slow push is the one that would make others wait.
  const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%manifests%'`;
  await vi.waitFor(async () => expect((await quick.query(waits)).rowCount).toBeGreaterThan(0), { timeout: 20_000 });
  await quick.query(`SET lock_timeout = '2s'`);
  pushed = await quick.query(push('sha256:quick')).then(
    () => 'taken',
    (error: Error) => error.message,
  );
  await slow.query('COMMIT');
  await upgrading;
  await Promise.all([slow.end(), quick.end()]);
}

beforeAll(async () => {
  url = await emptyDatabase();
  await open([first!]);
  await dataSource.query(`
    INSERT INTO content.repositories (registry_id, name) VALUES (gen_random_uuid(), 'app');
    INSERT INTO content.blobs (digest, size) VALUES ('sha256:leak', 1);
    INSERT INTO content.repository_blobs (repository_id, digest, created_at) SELECT id, 'sha256:leak', now() - interval '9 days' FROM content.repositories;
    INSERT INTO content.manifests (repository_id, digest, media_type, bytes, annotations)
      VALUES (1, 'sha256:large', 'x', '', jsonb_build_object('large', repeat('x', 100000), 'half', repeat('y', 40000), 'small', 'z'));
    INSERT INTO content.upload_sessions (id, registry_id, repository, principal_id, region, received)
      SELECT gen_random_uuid(), '00000000-0000-4000-8000-000000000000', 'app', 'p', 'eastus', n FROM generate_series(0, 100) AS n;
    INSERT INTO content.usage_shards (registry_id, shard, bytes) VALUES ('00000000-0000-4000-8000-000000000000', 3, 7);
    INSERT INTO content.link_reviews (repository_id, digest, enqueued_at) VALUES (1, 'sha256:old', now() - interval '3 hours');
    INSERT INTO content.blob_reviews (digest, region, enqueued_at) VALUES ('sha256:old', 'eastus', now() - interval '10 minutes')`);
  await dataSource.destroy();
  await besideAPush(() => open([first!, ...later]));
});
afterAll(async () => {
  await dataSource?.destroy();
  await dropDatabase(url);
});

const due = (table: string) =>
  dataSource.query(
    `SELECT digest, reason, round(extract(epoch FROM due_at - now()) / 60)::int AS minutes FROM content.${table} ORDER BY digest`,
  );

describe('the migration of a database of the version before', () => {
  it('lets pushes through while it builds an index again', async () => {
    expect(pushed).toBe('taken');
    const indexes: { valid: boolean; definition: string }[] = await dataSource.query(
      `SELECT indisvalid AS valid, pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indexrelid::regclass::text LIKE '%manifests_subject%'`,
    );
    expect(indexes).toMatchObject([{ valid: true, definition: expect.stringContaining('(repository_id, subject, digest)') }]);
  });

  it('carries over the reviews that wait already: due an hour after it was put up', async () => {
    expect(await due('link_reviews')).toEqual([{ digest: 'sha256:old', reason: 'manifest-deleted', minutes: -120 }]);
    expect(await due('blob_reviews')).toEqual([{ digest: 'sha256:old', reason: 'unlinked', minutes: 50 }]);
  });

  it('takes what a process of the version before puts up and postpones', async () => {
    await dataSource.query(`INSERT INTO content.link_reviews (repository_id, digest) VALUES (1, 'sha256:new')
                            ON CONFLICT (repository_id, digest) DO UPDATE SET enqueued_at = now()`);
    await dataSource.query(`UPDATE content.link_reviews SET enqueued_at = now() WHERE digest = 'sha256:old'`);
    expect((await due('link_reviews')).map(({ minutes }: { minutes: number }) => minutes)).toEqual([60, 60]);
  });

  it('keeps of large annotations what new manifests keep of them', async () => {
    expect(await dataSource.query(`SELECT array_agg(key ORDER BY key) AS keys FROM content.manifests, jsonb_each(annotations)`)).toEqual([
      { keys: ['half', 'small'] },
    ]);
  });

  it('counts what uploads under way hold, also when a process of an older version continues them', async () => {
    const open = async () => {
      const [row] = await dataSource.query('SELECT sum(bytes)::int AS bytes, sum(open_bytes)::int AS open FROM content.usage_shards');
      return row as { bytes: number; open: number };
    };
    expect(await open()).toEqual({ bytes: 7, open: 5050 });
    await dataSource.query('UPDATE content.upload_sessions SET received = greatest(received, 50)');
    expect(await open()).toEqual({ bytes: 7, open: 50 * 51 + (50 * 151) / 2 });
    await dataSource.query('DELETE FROM content.upload_sessions WHERE received > 50');
    expect(await open()).toEqual({ bytes: 7, open: 50 * 51 });
  });

  it('begins the scan at the oldest link there is', async () => {
    const [{ found }] = (await dataSource.query(
      `SELECT bool_and(reached_at < created_at) AS found FROM content.scans, content.repository_blobs`,
    )) as [{ found: boolean }];
    expect(found).toBe(true);
  });
});
