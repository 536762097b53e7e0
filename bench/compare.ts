import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { alternate, middle, type Measured, type Plan, type Run } from './measure.js';
import { machineFacts } from './proc/machine.js';
import { makeSeed, plant, seedRepository } from './seed.js';
import { startRegatta } from './servers/regatta.js';
import type { Subject } from './servers/subject.js';
import type { Workload } from './workloads.js';

/** How much worse than another build a row may be, beyond what the other build differs from itself. */
const allowed = 0.05;

export interface Comparison {
  readonly workload: string;
  readonly title: string;
  /** Medians of the other build, its second copy, and this one. */
  readonly rate: Sides;
  readonly cpuMicrosPerUnit: Sides;
  /** Change from the other build to this one: 0.1 is ten per cent more CPU per unit. */
  readonly change: number;
  /** The same between the two copies of the other build, without its sign. */
  readonly spread: number;
  readonly worse: boolean;
  readonly noisy: boolean;
}

interface Sides {
  readonly old: number;
  readonly again: number;
  readonly new: number;
}

/** What two copies of the other build and one of this one, measured in alternating rounds, say about one workload. */
export function compare(workload: Pick<Workload, 'id' | 'title'>, [old, again, ours]: readonly [Measured, Measured, Measured]): Comparison {
  const sides = (figure: (run: Run) => number): Sides => ({
    old: middle(old, figure),
    again: middle(again, figure),
    new: middle(ours, figure),
  });
  const cpu = sides((run) => (run.serverCpuSeconds * 1e6) / run.done);
  // The two copies are the same program: what they differ by is noise, and their mean is the better estimate.
  const spread = Math.abs(cpu.again / cpu.old - 1);
  const change = cpu.new / ((cpu.old + cpu.again) / 2) - 1;
  return {
    workload: workload.id,
    title: workload.title,
    rate: sides((run) => run.done / run.seconds),
    cpuMicrosPerUnit: cpu,
    change,
    spread,
    worse: !(change <= allowed + spread),
    noisy: old.noisy || again.noisy || ours.noisy,
  };
}

export interface CompareSettings {
  /** The folder of another built checkout. */
  readonly against: string;
  readonly folder: string;
  readonly out: string;
  readonly plan: Plan;
  choose(all: Workload[]): Workload[];
  workloads(seed: ReturnType<typeof makeSeed>, manifestDigest: string): Workload[];
}

/** Runs two copies of another build and this build beside each other, prints a table and says whether a row became worse. */
export async function compareBuilds({ against, folder, out, plan, choose, workloads }: CompareSettings): Promise<boolean> {
  const checkout = resolve(against);
  if (!existsSync(join(checkout, 'dist/apps/standalone/src/main.js')))
    throw new Error(`${checkout} is not built: run npm ci && npm run build there.`);
  const running: Subject[] = [];
  try {
    for (const [name, place] of [
      ['old', checkout],
      ['old again', checkout],
      ['new', undefined],
    ] as const) {
      running.push(await startRegatta({ name, folder: join(folder, name.replace(' ', '-')), ...(place && { checkout: place }) }));
    }
    const seed = makeSeed();
    const digests = new Set<string>();
    for (const subject of running) digests.add(await plant(await subject.target([`repository:${seedRepository}:pull,push`]), seed));
    const [digest] = digests;
    if (digests.size !== 1) throw new Error('The same manifest has different digests in the two builds.');
    const rows: Comparison[] = [];
    const runs: Measured[] = [];
    for (const workload of choose(workloads(seed, digest!))) {
      process.stderr.write(`${workload.title} …\n`);
      const measured = (await alternate(workload, running, plan)) as [Measured, Measured, Measured];
      runs.push(...measured);
      rows.push(compare(workload, measured));
    }
    const machine = machineFacts();
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, JSON.stringify({ when: new Date().toISOString(), machine, against: checkout, plan, rows, runs }, null, 2));
    console.log(`\n${machine.cpu}, ${machine.cores} cores shared by all, Linux ${machine.kernel}, Node ${machine.node}`);
    console.log(`old: two copies of ${checkout}; new: this build; ${plan.rounds} alternating rounds of ${plan.seconds} s, medians\n`);
    console.log(table(rows));
    for (const { workload, subject, dropped } of runs) for (const why of dropped) console.log(`dropped: ${workload} on ${subject}: ${why}`);
    console.log(`\nworse: more CPU per unit by over ${allowed * 100} % beyond the A/A spread of the row. figures: ${out}`);
    return rows.every(({ worse }) => !worse);
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
  }
}

function table(rows: readonly Comparison[]): string {
  const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
  const percent = (value: number): string => `${value >= 0 ? '+' : ''}${(value * 100).toFixed(1)} %`;
  const lines = rows.map(({ title, rate, cpuMicrosPerUnit: cpu, change, spread, worse, noisy }) => [
    title,
    `${number(rate.old)} ${number(rate.again)}`,
    number(rate.new),
    `${number(cpu.old)} ${number(cpu.again)}`,
    number(cpu.new),
    percent(change),
    `${(spread * 100).toFixed(1)} %`,
    `${worse ? 'WORSE' : 'ok'}${noisy ? ' (noisy)' : ''}`,
  ]);
  const header = ['workload', 'old /s', 'new /s', 'old us CPU', 'new us CPU', 'CPU change', 'A/A spread', ''];
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  const print = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ');
  return [print(header), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(print)].join('\n');
}
