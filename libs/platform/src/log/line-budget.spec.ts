import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { LineBudget } from './line-budget.js';
import { newLogger } from './log.js';

it('writes twenty lines a second, and says in the next second how many it left out', () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  let now = 1_000_000;
  const budget = new LineBudget(newLogger({ name: 'spec', destination }), () => now);
  const spend = (times: number) => Array.from({ length: times }, () => budget.spend()).filter(Boolean).length;
  expect(spend(1000)).toBe(20);
  expect(lines).toEqual([]);
  now += 1000;
  expect(spend(1000)).toBe(20);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn', left: 980 }]);
});
