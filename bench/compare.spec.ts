import { expect, it } from 'vitest';
import { compare } from './compare.js';
import type { Measured } from './measure.js';

const workload = { id: 'w', title: 'w' };
/** Runs that took so many microseconds of CPU for each of a thousand units. */
const measured = (...micros: number[]): Measured => ({
  workload: 'w',
  subject: 's',
  dropped: [],
  noisy: false,
  runs: micros.map((each) => ({
    done: 1_000,
    bytes: 0,
    seconds: 1,
    p50: 1,
    p99: 1,
    failures: 0,
    serverCpuSeconds: each / 1_000,
    largestRssBytes: 0,
    foreignCores: 0,
  })),
});

it('calls a row worse when it costs more than five per cent beyond what the other build differs from itself', () => {
  const old = measured(100, 90, 400, 100, 110);
  expect(compare(workload, [old, measured(100), measured(104)])).toMatchObject({ worse: false, spread: 0 });
  expect(compare(workload, [old, measured(100), measured(106)])).toMatchObject({ worse: true });
  expect(compare(workload, [old, measured(110), measured(112)])).toMatchObject({ worse: false });
  expect(compare(workload, [old, measured(110), measured(125)])).toMatchObject({ worse: true });
  expect(compare(workload, [old, measured(100), measured(50)])).toMatchObject({ worse: false, change: -0.5 });
});

it('does not call a row well that has no result', () => {
  expect(compare(workload, [measured(100), measured(100), measured()])).toMatchObject({ worse: true });
});
