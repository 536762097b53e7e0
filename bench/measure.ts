import { median } from './load/latencies.js';
import type { LoadResult } from './load/load-result.js';
import { busyCpuSeconds, touchMemory } from './proc/machine.js';
import { treeUsage } from './proc/process-tree.js';
import type { Subject } from './servers/subject.js';
import type { Workload } from './workloads.js';

/** A run: what the client saw, and what it cost the server. */
export interface Run extends LoadResult {
  readonly serverCpuSeconds: number;
  readonly largestRssBytes: number;
  /** Cores kept busy by neither the server nor the load generator. */
  readonly foreignCores: number;
}

export interface Measured {
  readonly workload: string;
  readonly subject: Subject['name'];
  /** The runs that count. */
  readonly runs: readonly Run[];
  /** Why others do not. */
  readonly dropped: readonly string[];
  /** The runs that count were disturbed by other programs of this machine. */
  readonly noisy: boolean;
}

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** How much memory to touch before runs that write. */
  readonly touchBytes: number;
}

const foreignLimit = 0.15;

/** Reference, ours, reference, ours: the rounds of one workload, so that a slow minute of the machine meets both. */
export async function alternate(workload: Workload, subjects: readonly Subject[], plan: Plan): Promise<Measured[]> {
  const collected = subjects.map(() => [] as Run[]);
  for (const subject of subjects) {
    if (!workload.writes) await once(workload, subject, plan.warmUpSeconds);
  }
  for (let round = 0; round < plan.rounds; round++) {
    for (const [index, subject] of subjects.entries()) {
      if (workload.writes) touchMemory(plan.touchBytes);
      collected[index]?.push(await once(workload, subject, plan.seconds));
    }
  }
  return subjects.map((subject, index) => sift(workload, subject, collected[index] ?? []));
}

async function once(workload: Workload, subject: Subject, seconds: number): Promise<Run> {
  const target = await subject.target(workload.scopes);
  const before = { server: treeUsage(subject.pid).cpuSeconds, all: treeUsage(process.pid).cpuSeconds, busy: busyCpuSeconds() };
  const started = performance.now();
  const result = await workload.run(target, seconds);
  const elapsed = (performance.now() - started) / 1000;
  const usage = treeUsage(subject.pid);
  // Everything we started is below this process: servers, load generators, and those of them that have already ended.
  const ours = treeUsage(process.pid).cpuSeconds - before.all;
  const foreign = busyCpuSeconds() - before.busy - ours;
  return {
    ...result,
    serverCpuSeconds: usage.cpuSeconds - before.server,
    largestRssBytes: usage.largestRssBytes,
    foreignCores: Math.max(0, foreign / elapsed),
  };
}

/** Drops what failed, and what was disturbed if anything undisturbed is left. */
function sift(workload: Workload, subject: Subject, all: readonly Run[]): Measured {
  const whole = all.filter((run) => run.failures === 0 && run.done > 0);
  const quiet = whole.filter((run) => run.foreignCores <= foreignLimit);
  const runs = quiet.length > 0 ? quiet : whole;
  const dropped = all
    .filter((run) => !runs.includes(run))
    .map((run) => (run.failures > 0 ? `failed: ${run.firstFailure ?? run.failures}` : `disturbed by ${run.foreignCores.toFixed(2)} cores`));
  return { workload: workload.id, subject: subject.name, runs, dropped, noisy: quiet.length === 0 && whole.length > 0 };
}

/** The middle value of one figure over the runs that count. */
export function middle(measured: Measured, figure: (run: Run) => number): number {
  return median(measured.runs.map(figure));
}
