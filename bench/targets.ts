/** What of a run is compared. */
export type Metric =
  | 'rate' // completed units per second
  | 'throughput' // MiB per second
  | 'p99' // milliseconds
  | 'cpuPerUnit' // server CPU per completed unit
  | 'rss'; // the largest process of Regatta alone, in MiB

/** One row of the printed table: a metric of a workload, the goal, and the gate below which the benchmark fails. */
export interface Row {
  readonly workload: string;
  readonly metric: Metric;
  /** Ours divided by the reference's, except `rss`, which is ours in MiB. */
  readonly goal: number;
  readonly gate: number;
  /** An absolute value of ours the goal asks for as well. */
  readonly goalFloor?: number;
}

/** Metrics where less is better: goal and gate are upper bounds. */
export const lessIsBetter: Readonly<Record<Metric, boolean>> = { rate: false, throughput: false, p99: true, cpuPerUnit: true, rss: true };

/**
 * Goals and gates. They were set from a prototype on two cores that the load generator shares; a goal leaves about half
 * of what the prototype reached for authorisation, quotas and metrics.
 */
export const rows: readonly Row[] = [
  { workload: 'manifest-tag', metric: 'rate', goal: 15, gate: 10 },
  { workload: 'manifest-digest', metric: 'rate', goal: 15, gate: 10 },
  { workload: 'manifest-token', metric: 'rate', goal: 18, gate: 10 },
  { workload: 'blob-10k', metric: 'rate', goal: 25, gate: 15 },
  { workload: 'blob-1m', metric: 'throughput', goal: 4.5, gate: 3.5 },
  { workload: 'blob-100m', metric: 'throughput', goal: 1.35, gate: 1.15 },
  { workload: 'blob-100m', metric: 'cpuPerUnit', goal: 0.8, gate: 0.9 },
  { workload: 'push-256m', metric: 'throughput', goal: 2.2, gate: 1.7, goalFloor: 700 },
  { workload: 'push-image', metric: 'rate', goal: 6, gate: 3.5 },
  { workload: 'get-during-push', metric: 'p99', goal: 0.4, gate: 0.6 },
  { workload: 'manifest-tag', metric: 'rss', goal: 256, gate: 384 },
];

export type Verdict = 'goal' | 'gate' | 'below' | 'no result';

/** Where a row stands: reaches the goal, at least the gate, or neither. */
export function judge(row: Row, value: number, ours: number): Verdict {
  if (!Number.isFinite(value)) return 'no result';
  const reaches = (bound: number): boolean => (lessIsBetter[row.metric] ? value <= bound : value >= bound);
  if (reaches(row.goal) && ours >= (row.goalFloor ?? 0)) return 'goal';
  return reaches(row.gate) ? 'gate' : 'below';
}
