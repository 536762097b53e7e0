import { expect, it } from 'vitest';
import { holdsTag } from './etags.js';

it('finds an entity tag in If-None-Match', () => {
  expect(holdsTag('"a"', '"a"')).toBe(true);
  expect(holdsTag('"b", W/"a"', '"a"')).toBe(true);
  expect(holdsTag('*', '"a"')).toBe(true);
  expect(holdsTag('"ab"', '"a"')).toBe(false);
  expect(holdsTag(undefined, '"a"')).toBe(false);
});
