import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FailureLimiter } from './failure-limiter.js';
import { type FailureCount, FailureStore } from './failure-store.js';

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

/** Counts in memory, and answers when it is told to. */
class Store extends FailureStore {
  readonly counts = new Map<string, number>();
  asked = 0;
  answers: Promise<void> = Promise.resolve();

  async add(counts: readonly FailureCount[]): Promise<FailureCount[]> {
    this.asked += 1;
    await this.answers;
    for (const { name, failures } of counts) this.counts.set(name, (this.counts.get(name) ?? 0) + failures);
    return counts.map((count) => ({ ...count, failures: this.counts.get(count.name)! }));
  }
}

describe('processes that count failures together', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const limits = { failures: 3, windowSeconds: 60, remembered: 10 };

  it('let a name wait that failed in another process', async () => {
    const store = new Store();
    const [here, there] = [new FailureLimiter({ ...limits, store }), new FailureLimiter({ ...limits, store })];
    for (let i = 0; i < 2; i++) here.failed('a');
    await vi.advanceTimersByTimeAsync(1_000);
    there.failed('a');
    expect(there.waitSeconds('a')).toBe(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(there.waitSeconds('a')).toBeGreaterThan(0);
  });

  it('hear of failures that came while others were told', async () => {
    const store = new Store();
    const limiter = new FailureLimiter({ ...limits, store });
    const { promise, resolve } = Promise.withResolvers<void>();
    store.answers = promise;
    limiter.failed('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.asked).toBe(1);
    limiter.failed('a');
    resolve();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([store.asked, store.counts.get('a')]).toEqual([2, 2]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.asked).toBe(2);
  });

  it('count alone while the store does not answer', async () => {
    const store = new Store();
    store.answers = Promise.reject(new Error('away'));
    store.answers.catch(() => undefined);
    const limiter = new FailureLimiter({ ...limits, store });
    for (let i = 0; i < 3; i++) limiter.failed('a');
    await expect(limiter.exchange()).resolves.toBeUndefined();
    expect(store.asked).toBe(1);
    expect(limiter.waitSeconds('a')).toBeGreaterThan(0);
  });
});
