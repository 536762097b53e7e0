import { describe, expect, it } from 'vitest';
import { summaryOf } from './skips-reporter.js';
import { isAtLeast } from './toolchains.js';

const test = { file: '/app/test/clients/go.spec.ts', title: 'a client in Go > lists' };
const note = { why: 'go 1.24 is not installed', remedy: 'install Go' };

describe('what is said of skipped tests', () => {
  it('is nothing where none was', () => {
    expect(summaryOf([], [])).toEqual({ lines: [], avoidable: [] });
  });

  it('is one line for each missing program, and a strict run accepts none', () => {
    const missing = { why: 'skopeo is not installed', remedy: 'apt-get install skopeo' };
    const { lines, avoidable } = summaryOf([test], [missing, missing]);
    expect(lines).toEqual(['Skipped: 1 tests.', '  skopeo is not installed: apt-get install skopeo']);
    expect(avoidable).toEqual([`${test.file}: ${test.title}`, 'skopeo is not installed']);
  });

  it('names a missing toolchain, and a strict run accepts the tests of the file that asked for it', () => {
    const { lines, avoidable } = summaryOf([test], [{ ...note, acceptedIn: test.file }]);
    expect(lines).toEqual(['Skipped: 1 tests.', '  go 1.24 is not installed: install Go']);
    expect(avoidable).toEqual([]);
  });

  it('accepts no skipped test of another file for that', () => {
    const other = { ...test, file: '/app/test/clients/skopeo.spec.ts' };
    expect(summaryOf([other], [{ ...note, acceptedIn: test.file }]).avoidable).toEqual([`${other.file}: ${other.title}`]);
  });
});

describe('a version', () => {
  it.each([
    ['go version go1.24.0 linux/amd64', true],
    ['go version go1.26.8 linux/amd64', true],
    ['go version go2.0 linux/amd64', true],
    ['go version go1.19.8 linux/amd64', false],
    ['', false],
  ])('of "%s" is new enough or not', (text, expected) => {
    expect(isAtLeast(text, [1, 24])).toBe(expected);
  });
});
