/** What one run of one load did, as the client saw it. */
export interface LoadResult {
  /** Completed units of work: requests, blobs pushed, images pushed. */
  readonly done: number;
  /** Body bytes moved in the direction that matters. */
  readonly bytes: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers outside 2xx and broken connections; a run with any is dropped. */
  readonly failures: number;
  /** The first failure in words, for the report. */
  readonly firstFailure?: string;
}
