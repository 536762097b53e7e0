import { expect, it } from 'vitest';
import { isDatabaseAway } from './unavailable.js';

it('tells a database that is away from a mistake of ours', () => {
  const coded = (code: string) => Object.assign(new Error('x'), { code });
  for (const code of ['ECONNREFUSED', '57P01', '57P03', '53300', '08006', '57014']) expect(isDatabaseAway(coded(code)), code).toBe(true);
  expect(isDatabaseAway(new Error('Connection terminated unexpectedly'))).toBe(true);
  expect(isDatabaseAway(new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]))).toBe(true);
  for (const error of [coded('23505'), coded('42P01'), new TypeError('x is not a function'), new AggregateError([]), 'text', undefined]) {
    expect(isDatabaseAway(error)).toBe(false);
  }
});
