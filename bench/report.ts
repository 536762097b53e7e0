import { median } from './load/latencies.js';
import { middle, type Measured } from './measure.js';
import type { MachineFacts } from './proc/machine.js';
import { judge, lessIsBetter, rows, type Metric, type Row, type Verdict } from './targets.js';
import type { Workload } from './workloads.js';

export interface Pair {
  readonly workload: Workload;
  readonly reference: Measured;
  readonly regatta: Measured | null;
}

/** One side of a row in figures. */
export interface Figures {
  readonly value: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicrosPerUnit: number;
  readonly largestRssMiB: number;
}

export interface RowResult {
  readonly workload: string;
  readonly title: string;
  readonly metric: Metric;
  readonly reference: Figures;
  readonly regatta: Figures | null;
  /** Ours divided by the reference's; for `rss` ours in MiB. */
  readonly ratio: number;
  readonly goal: number;
  readonly gate: number;
  readonly verdict: Verdict;
  readonly noisy: boolean;
}

export interface Report {
  readonly when: string;
  readonly machine: MachineFacts;
  readonly reference: string;
  readonly rounds: number;
  readonly secondsPerRun: number;
  readonly loadGenerators: string;
  readonly durability: Readonly<Record<'reference' | 'regatta', string>>;
  readonly rows: readonly RowResult[];
  readonly runs: readonly Measured[];
}

const mib = 1024 * 1024;

function valueOf(metric: Metric, measured: Measured): number {
  switch (metric) {
    case 'rate':
      return middle(measured, (run) => run.done / run.seconds);
    case 'throughput':
      return middle(measured, (run) => run.bytes / mib / run.seconds);
    case 'p99':
      return middle(measured, (run) => run.p99);
    case 'cpuPerUnit':
      return middle(measured, (run) => (run.serverCpuSeconds * 1000) / run.done);
    case 'rss':
      return middle(measured, (run) => run.largestRssBytes / mib);
  }
}

function figures(metric: Metric, measured: Measured): Figures {
  return {
    value: valueOf(metric, measured),
    p50: middle(measured, (run) => run.p50),
    p99: middle(measured, (run) => run.p99),
    cpuMicrosPerUnit: middle(measured, (run) => (run.serverCpuSeconds * 1e6) / run.done),
    largestRssMiB: middle(measured, (run) => run.largestRssBytes / mib),
  };
}

export function rowResult(row: Row, { workload, reference, regatta }: Pair): RowResult {
  const theirs = figures(row.metric, reference);
  const ours = regatta ? figures(row.metric, regatta) : null;
  const value = ours?.value ?? Number.NaN;
  const ratio = row.metric === 'rss' ? value : value / theirs.value;
  return {
    workload: workload.id,
    title: workload.title,
    metric: row.metric,
    reference: theirs,
    regatta: ours,
    ratio,
    goal: row.goal,
    gate: row.gate,
    verdict: judge(row, ratio, value),
    noisy: reference.noisy || (regatta?.noisy ?? false),
  };
}

export function rowResults(pairs: readonly Pair[]): RowResult[] {
  return rows.flatMap((row) => {
    const pair = pairs.find(({ workload }) => workload.id === row.workload);
    return pair ? [rowResult(row, pair)] : [];
  });
}

const units: Readonly<Record<Metric, string>> = {
  rate: '/s',
  throughput: 'MiB/s',
  p99: 'ms p99',
  cpuPerUnit: 'CPU ms/GET',
  rss: 'MiB RSS',
};

function number(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The table people read: one line per row of targets.ts. */
export function table(results: readonly RowResult[]): string {
  const header = ['workload', 'unit', 'reference', 'p50/p99 ms', 'us CPU', 'regatta', 'p50/p99 ms', 'us CPU', 'ratio', 'goal', 'gate', ''];
  const lines = results.map((row) => {
    const side = (figuresOfSide: Figures | null): string[] =>
      figuresOfSide
        ? [number(figuresOfSide.value), `${number(figuresOfSide.p50)}/${number(figuresOfSide.p99)}`, number(figuresOfSide.cpuMicrosPerUnit)]
        : ['-', '-', '-'];
    const bound = lessIsBetter[row.metric] ? '<=' : '>=';
    const suffix = row.metric === 'rss' ? '' : 'x';
    return [
      row.title,
      units[row.metric],
      ...side(row.reference),
      ...side(row.regatta),
      `${number(row.ratio)}${suffix}`,
      `${bound}${row.goal}${suffix}`,
      `${bound}${row.gate}${suffix}`,
      `${row.verdict}${row.noisy ? ' (noisy)' : ''}`,
    ];
  });
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => (line[column] as string).length)));
  const print = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join('  ');
  return [print(header), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(print)].join('\n');
}

/** Lines about the runs that were not counted and about disturbance. */
export function remarks(pairs: readonly Pair[]): string[] {
  const all = pairs.flatMap(({ reference, regatta }) => (regatta ? [reference, regatta] : [reference]));
  const dropped = all.flatMap((side) => side.dropped.map((why) => `dropped: ${side.workload} on ${side.subject}: ${why}`));
  const foreign = median(all.flatMap((side) => side.runs.map((run) => run.foreignCores)));
  return [...dropped, `other programs kept ${foreign.toFixed(2)} cores busy in the median run`];
}
