import { describe, expect, it } from 'vitest';
import { Latencies, median } from './load/latencies.js';
import { judge, type Row } from './targets.js';

describe('a row', () => {
  const rate: Row = { workload: 'any', metric: 'rate', goal: 10, gate: 5 };
  const latency: Row = { workload: 'any', metric: 'p99', goal: 0.4, gate: 0.6 };

  it.each([
    [rate, 12, 'goal'],
    [rate, 10, 'goal'],
    [rate, 7, 'gate'],
    [rate, 4.9, 'below'],
    [rate, Number.NaN, 'no result'],
    [latency, 0.3, 'goal'],
    [latency, 0.5, 'gate'],
    [latency, 0.7, 'below'],
  ] as const)('%o with %d is judged %s', (row, value, verdict) => {
    expect(judge(row, value, value)).toBe(verdict);
  });

  it('reaches its goal only above its floor', () => {
    const floored: Row = { ...rate, goalFloor: 700 };
    expect(judge(floored, 12, 650)).toBe('gate');
    expect(judge(floored, 12, 800)).toBe('goal');
  });
});

describe('latencies', () => {
  it('gives percentiles by nearest rank', () => {
    const latencies = new Latencies();
    for (let value = 100; value >= 1; value--) latencies.add(value);
    expect([latencies.percentile(0.5), latencies.percentile(0.99), latencies.percentile(1)]).toEqual([50, 99, 100]);
  });

  it('has a middle for odd and even numbers of values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
