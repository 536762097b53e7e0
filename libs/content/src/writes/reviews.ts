/** When the collector may look at what a change let go, and in which region bytes may lie that no row tells of. */
export interface ReviewTerms {
  region: string;
  graceSeconds: number;
}

/** The grace of pushes under way, where the configuration says nothing. */
export const defaultGraceSeconds = 3_600;

const keys = { link_reviews: 'repository_id, digest', blob_reviews: 'digest, region' } as const;

/** The end of an `INSERT` of reviews: the grace of one that waits already begins again. */
export function restartGrace(table: keyof typeof keys): string {
  return `ON CONFLICT (${keys[table]}) DO UPDATE
          SET enqueued_at = now(), due_at = ${postponed(table, 'EXCLUDED.due_at')}, reason = EXCLUDED.reason`;
}

/**
 * When the review of `row` is due if it was to be at `due`: never sooner than before. And never at the same moment: an update that leaves
 * `due_at` as it is means a process of the version before, and the database postpones for it by an hour.
 */
export function postponed(row: string, due: string): string {
  return `greatest(${row}.due_at + interval '1 microsecond', ${due})`;
}

/** The moment a review is due, of a parameter that says the grace in seconds. */
export function dueAfter(parameter: string): string {
  return `now() + make_interval(secs => ${parameter}::double precision)`;
}
