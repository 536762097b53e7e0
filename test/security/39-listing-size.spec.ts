import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, ociIndex } from '../../apps/data-plane/test/images.js';
import { listedRegistry } from '../support/listed-registry.js';

/** No page is larger: the largest manifest that is taken. */
const mostBytes = 4 * 1024 * 1024;

type Listed = Awaited<ReturnType<typeof listedRegistry>>;
let installation: Listed['installation'];
let client: Listed['client'];
let query: Listed['query'];
const subject = digestOf('the subject');

beforeAll(async () => {
  ({ installation, client, query } = await listedRegistry('listings'));
});
afterAll(() => installation?.destroy());

/** Follows `Link` from the first page to the last. */
async function walk(path: string, key: string): Promise<{ entries: unknown[]; largest: number; pages: number }> {
  const entries: unknown[] = [];
  let [largest, pages] = [0, 0];
  for (let next: string | undefined = path; next; pages++) {
    const answer = await client.send('GET', next);
    expect(answer.status).toBe(200);
    largest = Math.max(largest, answer.body.length);
    entries.push(...answer.json<Record<string, unknown[]>>()[key]!);
    next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link))?.[1];
  }
  return { entries, largest, pages };
}

describe('A page', () => {
  it('of 100,000 tags or 10,000 repositories with the longest names is small, and pages give every name once', async () => {
    await query(`INSERT INTO content.tags (repository_id, name, digest)
                 SELECT m.repository_id, lpad(n::text, 128, 't'), m.digest FROM content.manifests m JOIN content.repositories r
                 ON r.id = m.repository_id AND r.registry_id = $1, generate_series(1, 99999) AS n`);
    await query(
      `INSERT INTO content.repositories (registry_id, name, listed) SELECT $1, lpad(n::text, 255, 'r'), true FROM generate_series(1, 9999) AS n`,
    );
    const tags = await walk('/v2/full/tags/list?n=1000', 'tags');
    expect([new Set(tags.entries).size, tags.pages]).toEqual([100_000, 100]);
    expect(tags.largest).toBeLessThan(256 * 1024);
    const repositories = await walk('/v2/_catalog?n=1000', 'repositories');
    expect([new Set(repositories.entries).size, repositories.pages]).toEqual([10_000, 10]);
    expect(repositories.largest).toBeLessThan(512 * 1024);
  });

  it('of referrers has at most 4 MiB, whatever annotations their rows have, and pages give every one once', async () => {
    // Rows of 60 KiB as they are stored now, and of 4 MiB as a process of a version before stored them.
    await query(`INSERT INTO content.manifests (repository_id, digest, media_type, subject, bytes, annotations)
                 SELECT r.id, 'sha256:' || encode(sha256(n::text::bytea), 'hex'), '${ociIndex}', '${subject}', '{}',
                        jsonb_build_object('n', n::text, 'filler', repeat('x', CASE WHEN n % 100 = 0 THEN 4000000 ELSE 60000 END))
                 FROM content.repositories r, generate_series(1, 200) AS n WHERE r.registry_id = $1 AND r.name = 'full'`);
    const { entries, largest, pages } = await walk(`/v2/full/referrers/${subject}?n=1000`, 'manifests');
    expect(new Set((entries as { digest: string }[]).map(({ digest }) => digest)).size).toBe(200);
    expect(entries).toHaveLength(200);
    expect(largest).toBeLessThanOrEqual(mostBytes);
    expect(pages).toBe(3);
  });
});

describe('A list that takes long', () => {
  it('delays no pull: as many lists as can be asked for wait, and blobs and manifests are answered', async () => {
    const bytes = Buffer.from('pulled meanwhile');
    const digest = await client.blob('pulled', bytes);
    const manifest = digestOf(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [] }));
    const slow = new Client({ connectionString: installation.database.url });
    await slow.connect();
    try {
      // Tags cannot be read until this ends; a list of tags waits for it.
      await slow.query('BEGIN; LOCK TABLE content.tags IN ACCESS EXCLUSIVE MODE');
      const lists = Array.from({ length: 6 }, () => client.send('GET', '/v2/full/tags/list'));
      await expect.poll(async () => (await slow.query(waiting)).rows[0].n, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      for (let count = 0; count < 4; count++) {
        expect((await client.send('GET', client.path('pulled', `blobs/${digest}`))).body.equals(bytes)).toBe(true);
        expect((await client.send('GET', client.path('full', `manifests/${manifest}`))).status).toBe(200);
      }
      await slow.query('COMMIT');
      for (const answer of await Promise.all(lists)) expect(answer.status).toBe(200);
    } finally {
      await slow.end();
    }
  });
});

const waiting = `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'content.tags'::regclass`;
