import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { paceChunks } from './chunk-pace.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] }));
afterEach(() => void vi.useRealTimers());

/** A body in crumbs of which one read is taken at a time. */
function body() {
  let reads = true;
  const socket = { pause: () => (reads = false), resume: () => (reads = true) };
  const request = { headers: { 'transfer-encoding': 'chunked' }, socket, readableFlowing: true, push: () => true, _read: socket.resume };
  paceChunks(request as unknown as IncomingMessage);
  const push = request.push as unknown as (chunk: Buffer) => boolean;
  return {
    isRead: () => reads,
    read() {
      for (let crumb = 0; crumb < 256; crumb++) push(Buffer.alloc(1));
      request._read();
    },
  };
}

describe('A body in crumbs', () => {
  it('rests for as long after a read that began late, or took long, as after any', () => {
    const crumbs = body();
    crumbs.read();
    expect(crumbs.isRead()).toBe(false);
    vi.advanceTimersByTime(11);
    expect(crumbs.isRead()).toBe(true);
    vi.advanceTimersByTime(8);
    crumbs.read();
    vi.advanceTimersByTime(9);
    expect(crumbs.isRead()).toBe(false);
    vi.advanceTimersByTime(3);
    expect(crumbs.isRead()).toBe(true);
  });

  it('takes turns with the others: one read, then a rest', () => {
    const all = [body(), body(), body()];
    for (const one of all) one.read();
    const readable = () => all.filter((one) => one.isRead()).length;
    const seen = Array.from({ length: 4 }, () => {
      vi.advanceTimersByTime(13);
      return readable();
    });
    expect(seen).toEqual([1, 2, 3, 3]);
  });

  it('leaves no timer behind', () => {
    const crumbs = body();
    crumbs.read();
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });
});
