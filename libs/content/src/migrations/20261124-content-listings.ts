import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** Referrers are read in the order of their pages, and no row is large. */
export class ContentListings1764000420000 implements MigrationInterface {
  /** An index is built beside pushes only outside of a transaction: each statement below may be run again after a crash. */
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of subjects) await runner.query(statement);
    await runner.query(annotations);
  }

  down = noWayBack;
}

const subjects = [
  'DROP INDEX CONCURRENTLY IF EXISTS content.manifests_subject_digest',
  'CREATE INDEX CONCURRENTLY manifests_subject_digest ON content.manifests (repository_id, subject, digest) WHERE subject IS NOT NULL',
  'DROP INDEX CONCURRENTLY IF EXISTS content.manifests_subject',
  'ALTER INDEX content.manifests_subject_digest RENAME TO manifests_subject',
];

// The smallest first, as many as fit in 64 KiB together: the rule of new rows. What is compressed to less is not looked at.
const annotations = `
  UPDATE content.manifests m SET annotations = coalesce((
      SELECT jsonb_object_agg(key, value) FROM (
        SELECT key, value, sum(octet_length(to_jsonb(key)::text) + octet_length(value::text) + 2)
                             OVER (ORDER BY octet_length(to_jsonb(key)::text) + octet_length(value::text), key) AS upto
        FROM jsonb_each(m.annotations)) AS entries
      WHERE upto <= 65536), '{}')
  WHERE pg_column_size(m.annotations) > 700 AND octet_length(m.annotations::text) > 65536;
`;
