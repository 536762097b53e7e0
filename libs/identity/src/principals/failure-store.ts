import type { DataSource } from 'typeorm';

/** Failures with one name since its window began. */
export interface FailureCount {
  name: string;
  failures: number;
  /** Until the window ends. */
  seconds: number;
}

/** Where processes tell each other of failures. */
export abstract class FailureStore {
  /** Adds to the counts, and returns what they are now, those of other processes included. */
  abstract add(counts: readonly FailureCount[]): Promise<FailureCount[]>;
}

/** Failures in `identity.sign_in_failures`. */
export class PostgresFailureStore extends FailureStore {
  constructor(private readonly data: DataSource) {
    super();
  }

  async add(counts: readonly FailureCount[]): Promise<FailureCount[]> {
    // In one order everywhere, so that two processes never wait for each other in a circle.
    const sorted = counts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const lists = [sorted.map(({ name }) => name), sorted.map(({ failures }) => failures), sorted.map(({ seconds }) => seconds)];
    await this.data.query(deleteExpired);
    return this.data.query(addCounts, lists);
  }
}

const deleteExpired = `
  DELETE FROM identity.sign_in_failures WHERE key IN (
    SELECT key FROM identity.sign_in_failures WHERE until < now() - interval '1 minute' LIMIT 10000 FOR UPDATE SKIP LOCKED
  )`;

const addCounts = `
  INSERT INTO identity.sign_in_failures AS known (key, failures, until)
  SELECT name, failures, now() + make_interval(secs => seconds) FROM unnest($1::text[], $2::int[], $3::int[]) AS news (name, failures, seconds)
  ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN known.until <= now() THEN excluded.failures ELSE least(known.failures + excluded.failures, 1000000) END,
    until = CASE WHEN known.until <= now() THEN excluded.until ELSE known.until END
  RETURNING key AS name, failures, ceil(extract(epoch FROM until - now()))::int AS seconds`;
