import { describe, expect, it } from 'vitest';
import { FailureLimiter } from './failure-limiter.js';

describe('the limit on failures', () => {
  it('lets a name wait after too many failures, and go on when the window has passed', () => {
    let now = 0;
    const limiter = new FailureLimiter({ failures: 3, windowSeconds: 60, remembered: 10 }, () => now);
    for (let i = 0; i < 3; i++) {
      expect(limiter.waitSeconds('a')).toBe(0);
      limiter.failed('a');
    }
    expect(limiter.waitSeconds('a')).toBe(60);
    now = 59_500;
    expect(limiter.waitSeconds('a')).toBe(1);
    now = 60_000;
    expect(limiter.waitSeconds('a')).toBe(0);
    limiter.failed('a');
    expect(limiter.waitSeconds('a')).toBe(0);
  });

  it('counts each name for itself and remembers a bounded number of them', () => {
    const limiter = new FailureLimiter({ failures: 1, windowSeconds: 60, remembered: 2 }, () => 0);
    for (const name of ['a', 'b', 'c']) limiter.failed(name);
    expect(['a', 'b', 'c'].map((name) => limiter.waitSeconds(name) > 0)).toEqual([false, true, true]);
  });
});
