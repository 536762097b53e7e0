import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compareBuilds } from './compare.js';
import { alternate, type Plan } from './measure.js';
import { machineFacts } from './proc/machine.js';
import { remarks, rowResults, table, type Pair, type Report } from './report.js';
import { makeSeed, plant, seedRepository } from './seed.js';
import { referenceInstallLine, referenceVersion, startReference } from './servers/reference.js';
import { startRegatta } from './servers/regatta.js';
import type { Subject } from './servers/subject.js';
import { wrkInstalled } from './load/wrk.js';
import { workloads, type Workload } from './workloads.js';

const usage = `npm run bench -- [--quick] [--only id,id] [--out file.json] [--dir folder] [--gogc n] [--reference-only] [--assert]

  --quick            two rounds of two seconds instead of three of four: about 90 s
  --only             only these workloads
  --out              where the figures go as JSON (default dist/bench-results.json)
  --dir              where both registries keep their data (default a temporary folder; same file system for both)
  --gogc             run the reference with this GOGC instead of Go's default of 100
  --reference-only   measure the reference alone
  --assert           exit with 1 when a row is below its gate or has no result
  --against          compare with another built checkout instead: this folder's build twice and ours, in alternating rounds
  --rounds           rounds of a comparison, 5 unless told`;

/** The workloads named in `--only`; all of them where it is absent. */
function chosen<W extends { id: string }>(all: W[], only: string | undefined): W[] {
  const wanted = only?.split(',') ?? all.map(({ id }) => id);
  const unknown = wanted.filter((id) => !all.some((workload) => workload.id === id));
  if (unknown.length > 0) throw new Error(`No workload is called ${unknown.join(', ')}. There are: ${all.map(({ id }) => id).join(', ')}.`);
  return all.filter(({ id }) => wanted.includes(id));
}

const plans: Readonly<Record<'full' | 'quick', Plan>> = {
  full: { rounds: 3, seconds: 4, warmUpSeconds: 2, touchBytes: 3 * 2 ** 30 },
  quick: { rounds: 2, seconds: 2, warmUpSeconds: 1, touchBytes: 2 * 2 ** 30 },
};

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    out: { type: 'string', default: 'dist/bench-results.json' },
    dir: { type: 'string' },
    gogc: { type: 'string' },
    'reference-only': { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});

/** A folder for what servers keep; removed afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(resolve(options.dir ?? tmpdir()), 'regatta-bench-'));
  await chmod(folder, 0o755); // The embedded Postgres runs as another user when we are root, and must reach its data.
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function comparison(against: string): Promise<number> {
  const plan = { ...plans[options.quick ? 'quick' : 'full'], rounds: Number(options.rounds) };
  const choose = (all: Workload[]): Workload[] => chosen(all, options.only);
  const isGood = await inFolder((folder) => compareBuilds({ against, folder, out: resolve(options.out), plan, choose, workloads }));
  return isGood || !options.assert ? 0 : 1;
}

async function main(): Promise<number> {
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.against) return comparison(options.against);
  const version = referenceVersion();
  if (!version) {
    console.error(`The reference is not installed. Install it with: ${referenceInstallLine}`);
    return 2;
  }
  const plan = plans[options.quick ? 'quick' : 'full'];
  const folder = await mkdtemp(join(resolve(options.dir ?? tmpdir()), 'regatta-bench-'));
  await chmod(folder, 0o755); // The embedded Postgres runs as another user when we are root, and must reach its data.
  const running: Subject[] = [];
  const start = async (starting: Promise<Subject>): Promise<Subject> => {
    const subject = await starting;
    running.push(subject);
    return subject;
  };
  try {
    const gogc = options.gogc ? { gogc: Number(options.gogc) } : {};
    const reference = await start(startReference({ folder, tokens: false, ...gogc }));
    const referenceTokens = await start(startReference({ folder, tokens: true, ...gogc }));
    const regatta = options['reference-only'] ? null : await start(startRegatta({ folder: join(folder, 'regatta') }));
    const seed = makeSeed();
    const seeding = [`repository:${seedRepository}:pull,push`];
    const digest = await plant(await reference.target(seeding), seed);
    if (regatta) {
      const ours = await plant(await regatta.target(seeding), seed);
      if (ours !== digest) throw new Error(`The same manifest has digest ${digest} there and ${ours} here.`);
    }
    const pairs: Pair[] = [];
    for (const workload of chosen(workloads(seed, digest), options.only)) {
      process.stderr.write(`${workload.title} …\n`);
      const theirs = workload.referenceTokens ? referenceTokens : reference;
      const [first, second] = await alternate(workload, regatta ? [theirs, regatta] : [theirs], plan);
      if (first) pairs.push({ workload, reference: first, regatta: second ?? null });
    }
    const results = rowResults(pairs);
    const report: Report = {
      when: new Date().toISOString(),
      machine: machineFacts(),
      reference: `${version}${options.gogc ? `, GOGC=${options.gogc}` : ''}`,
      rounds: plan.rounds,
      secondsPerRun: plan.seconds,
      loadGenerators: wrkInstalled() ? 'wrk for small GETs, own raw-socket loader for the rest' : 'own raw-socket loader',
      durability: {
        reference: reference.durability,
        regatta: regatta?.durability ?? 'not measured',
      },
      rows: results,
      runs: pairs.flatMap(({ reference: r, regatta: o }) => (o ? [r, o] : [r])),
    };
    const out = resolve(options.out);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, JSON.stringify(report, null, 2));
    const { machine } = report;
    console.log(
      `\n${machine.cpu}, ${machine.cores} cores shared by registry and load generator, Linux ${machine.kernel}, Node ${machine.node}`,
    );
    console.log(
      `reference: ${report.reference}; ${plan.rounds} rounds of ${plan.seconds} s each, alternating, medians; ${report.loadGenerators}\n`,
    );
    console.log(table(results));
    console.log(
      `\nRegatta authorises every request with a bearer token. The reference runs without any authentication, except where the row says both do.`,
    );
    console.log(`durability: reference: ${report.durability.reference}\n            regatta:   ${report.durability.regatta}`);
    for (const remark of remarks(pairs)) console.log(remark);
    console.log(`figures: ${out}`);
    const failed = results.filter(({ verdict }) => verdict === 'below' || verdict === 'no result');
    if (options.assert && failed.length > 0) {
      console.error(`below the gate: ${failed.map(({ title }) => title).join('; ')}`);
      return 1;
    }
    return 0;
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
