import { expect, it } from 'vitest';
import { digestOf } from '#lib/oci';
import { HashThread } from './hash-thread.js';

it('a hash that is closed while pieces of it are under way fails alone: the hashes of other uploads go on', async () => {
  const memory = new SharedArrayBuffer(100);
  const thread = new HashThread(memory);
  const [closed, other] = [thread.open('sha256'), thread.open('sha256')];
  await other.update(0, 50);
  closed.close();
  await expect(closed.update(0, 50)).rejects.toThrow('no such hash');
  await other.update(50, 50);
  expect(await other.digest()).toBe(digestOf(Buffer.alloc(100)));
  await thread.close();
});
