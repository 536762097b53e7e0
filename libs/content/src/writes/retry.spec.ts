import { describe, expect, it } from 'vitest';
import { again, Vanished } from './retry.js';

const failingWith = (error: Error, times: number) => {
  let calls = 0;
  const work = async () => {
    if (++calls <= times) throw error;
    return calls;
  };
  return { work, calls: () => calls };
};
const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' });

describe('a transaction that loses against others', () => {
  it.each([new Vanished(), deadlock])('is run again until it is done: $name', async (error) => {
    expect(await again(failingWith(error, 4).work)).toBe(5);
  });

  it.each([new Vanished(), deadlock])('is given up after six times as something to try again later: $name', async (error) => {
    const failing = failingWith(error, Number.POSITIVE_INFINITY);
    await expect(again(failing.work)).rejects.toMatchObject({ code: 'ServiceUnavailable', cause: error });
    expect(failing.calls()).toBe(6);
  });

  it('is not run again for any other reason', async () => {
    const failing = failingWith(new Error('a mistake of ours'), Number.POSITIVE_INFINITY);
    await expect(again(failing.work)).rejects.toThrow('a mistake of ours');
    expect(failing.calls()).toBe(1);
  });
});
