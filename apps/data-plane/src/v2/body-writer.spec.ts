import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Slice } from '#lib/platform';
import { ClientGone, sendSlices } from './body-writer.js';

// Seconds pass when the spec says so.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sliceSize = 64 * 1024;

/** A client that takes bytes when it is told to. */
class Reader extends EventEmitter {
  destroyed = false;
  ended = false;
  readonly handle = { writeQueueSize: 0 };
  readonly socket = { _handle: this.handle };
  #taken: (() => void) | undefined;

  write(bytes: Buffer, taken: () => void): boolean {
    this.handle.writeQueueSize = bytes.length;
    this.#taken = taken;
    return false;
  }

  take(bytes: number): void {
    this.handle.writeQueueSize = Math.max(0, this.handle.writeQueueSize - bytes);
    if (this.handle.writeQueueSize === 0) this.#taken?.();
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function transfer(slices: number): { reader: Reader; over: Promise<unknown>; lent: () => number } {
  const reader = new Reader();
  let lent = 0;
  async function* source(): AsyncGenerator<Slice, void, undefined> {
    for (let at = 0; at < slices; at++) {
      lent += 1;
      yield { bytes: Buffer.alloc(sliceSize), release: () => (lent -= 1) };
    }
  }
  const over = sendSlices(reader as unknown as ServerResponse, source()).catch((error: unknown) => error);
  return { reader, over, lent: () => lent };
}

/** Lets seconds pass, in each of which the client takes so much; how many until it was cut. */
async function seconds(reader: Reader, count: number, taken: (second: number) => number): Promise<number> {
  for (let second = 1; second <= count; second++) {
    reader.take(taken(second));
    await vi.advanceTimersByTimeAsync(1_000);
    if (reader.destroyed || reader.ended) return second;
  }
  return count;
}

describe('A client that reads a blob', () => {
  it('and takes nothing is cut, and what was read for it is given back', async () => {
    const { reader, over, lent } = transfer(10);
    await seconds(reader, 1000, () => 0);
    expect(await over).toBeInstanceOf(ClientGone);
    expect([reader.destroyed, lent()]).toEqual([true, 0]);
  });

  it('and takes one byte now and then is cut as well', async () => {
    const { reader, over, lent } = transfer(10);
    expect(await seconds(reader, 1000, (second) => (second % 60 === 0 ? 1 : 0))).toBeLessThan(200);
    expect(await over).toBeInstanceOf(ClientGone);
    expect(lent()).toBe(0);
  });

  it('slowly but steadily is served to the end', async () => {
    const { reader, over } = transfer(3);
    await seconds(reader, 1000, () => 256);
    await over;
    expect([reader.ended, reader.destroyed]).toEqual([true, false]);
  });

  it('in lumps, as the buffers of the network make them, is served to the end', async () => {
    const { reader, over } = transfer(3);
    await seconds(reader, 1000, (second) => (second % 100 === 0 ? 40_000 : 0));
    await over;
    expect([reader.ended, reader.destroyed]).toEqual([true, false]);
  });
});
