import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** Reviews say when they are due and why; old links are scanned for those that no manifest ever named. */
export class ContentReviews1764000410000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(reviews);
    await runner.query(oldProcesses);
    await runner.query(scans);
  }

  down = noWayBack;
}

const reviews = `
  ALTER TABLE content.link_reviews
    ADD COLUMN due_at timestamptz NOT NULL DEFAULT now() + interval '1 hour', ADD COLUMN reason text NOT NULL DEFAULT 'manifest-deleted';
  UPDATE content.link_reviews SET due_at = enqueued_at + interval '1 hour';
  DROP INDEX content.link_reviews_due;
  CREATE INDEX link_reviews_due ON content.link_reviews (due_at);

  ALTER TABLE content.blob_reviews
    ADD COLUMN due_at timestamptz NOT NULL DEFAULT now() + interval '1 hour', ADD COLUMN reason text NOT NULL DEFAULT 'unlinked';
  UPDATE content.blob_reviews SET due_at = enqueued_at + interval '1 hour';
  DROP INDEX content.blob_reviews_due;
  CREATE INDEX blob_reviews_due ON content.blob_reviews (region, due_at);
`;

// A process of an older version postpones a review by "enqueued_at" alone. Its default grace period is what it means.
const oldProcesses = `
  CREATE FUNCTION content.postpone_review() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.due_at := greatest(OLD.due_at, NEW.enqueued_at + interval '1 hour');
    RETURN NEW;
  END $$;
  CREATE TRIGGER postponed_by_old_process BEFORE UPDATE OF enqueued_at ON content.link_reviews
    FOR EACH ROW WHEN (NEW.due_at = OLD.due_at) EXECUTE FUNCTION content.postpone_review();
  CREATE TRIGGER postponed_by_old_process BEFORE UPDATE OF enqueued_at ON content.blob_reviews
    FOR EACH ROW WHEN (NEW.due_at = OLD.due_at) EXECUTE FUNCTION content.postpone_review();
`;

// BRIN: rows of one time are stored together, so a push pays nothing for it. The scan begins at the oldest link there is.
const scans = `
  CREATE INDEX repository_blobs_created ON content.repository_blobs USING brin (created_at);

  CREATE TABLE content.scans (
    name       text NOT NULL CONSTRAINT scans_pkey PRIMARY KEY,
    reached_at timestamptz NOT NULL
  );
  INSERT INTO content.scans (name, reached_at)
    SELECT 'unnamed-links', coalesce(min(created_at), now()) - interval '1 second' FROM content.repository_blobs;
`;
