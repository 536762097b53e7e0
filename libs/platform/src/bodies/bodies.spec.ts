import { describe, expect, it, vi } from 'vitest';
import { BodyBudget } from './body-budget.js';
import { bodyFrom } from './body-from.js';
import { type Body, type BodySource, GatheredBody } from './gathered-body.js';
import { Pace, patienceSeconds } from './pace.js';

const KiB = 1024;
const bytesOf = (size: number) => Buffer.from(Uint8Array.from({ length: size }, (_, at) => at % 251));

/** A client one tells what to do. */
function client(budget: BodyBudget, declared?: number) {
  const asked: string[] = [];
  const source: BodySource = { pause: () => asked.push('pause'), resume: () => asked.push('resume'), close: () => asked.push('close') };
  const body = new GatheredBody(source, budget, declared);
  return { body, asked, send: (size: number) => body.push(Buffer.alloc(size, 'x')) };
}

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(body: Body): Promise<{ bytes: Buffer; pieces: number }> {
  const pieces: Buffer[] = [];
  for (let piece = await body.next(); piece; piece = await body.next()) pieces.push(Buffer.from(piece));
  body.close();
  return { bytes: Buffer.concat(pieces), pieces: pieces.length };
}

/** Lets everything run that was promised so far. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('A body', () => {
  it.each([1, 7, 4096, 65_536, 1_000_000])('that comes in chunks of %i bytes is handed out whole, in few pieces', async (size) => {
    const budget = new BodyBudget();
    const bytes = bytesOf(size === 1 ? 100_000 : 3_000_000);
    const taken = await all(bodyFrom(inPieces(bytes, size), budget));
    expect(taken.bytes.equals(bytes)).toBe(true);
    expect(taken.pieces).toBeLessThan(30);
    expect([budget.held, budget.bodies]).toEqual([0, 0]);
  });

  it('of which the beginning was looked at is given again from the beginning', async () => {
    const bytes = bytesOf(500_000);
    const body = bodyFrom(inPieces(bytes, 1000), new BodyBudget());
    const beginning = await body.beginning(64 * KiB);
    expect([beginning.ended, beginning.bytes.length > 64 * KiB]).toEqual([false, true]);
    expect((await all(body)).bytes.equals(bytes)).toBe(true);
  });

  it('that breaks off gives what came and then says why', async () => {
    const { body, send } = client(new BodyBudget());
    const beginning = body.beginning(64 * KiB);
    await settled();
    send(100);
    body.fail(new Error('gone'));
    expect(await beginning).toMatchObject({ ended: true, broken: { error: new Error('gone') } });
    expect((await body.next())?.length).toBe(100);
    await expect(body.next()).rejects.toThrow('gone');
  });

  it('that says it is too large is refused without being read, one that does not say it when it is', async () => {
    const budget = new BodyBudget();
    const honest = client(budget, 5000);
    await expect(honest.body.whole(4999)).rejects.toMatchObject({ failure: 'too-large' });
    expect(honest.asked).toEqual([]);
    const silent = client(budget);
    const read = silent.body.whole(4999);
    await settled();
    silent.send(5000);
    await expect(read).rejects.toMatchObject({ failure: 'too-large' });
  });

  it('in a million crumbs holds no more memory than its bytes need', async () => {
    const budget = new BodyBudget();
    const { body, send } = client(budget);
    const read = body.whole(4 * KiB * KiB);
    let most = 0;
    for (let sent = 0; sent < 1_000_000;) {
      await settled();
      for (let burst = 0; burst < 10_000; burst++, sent++) send(1);
      most = Math.max(most, budget.held);
    }
    body.end();
    expect((await read).length).toBe(1_000_000);
    expect(most).toBeLessThanOrEqual(2 * KiB * KiB);
    body.close();
  });

  it('keeps what is pushed while a piece is in use', async () => {
    const { body, send } = client(new BodyBudget());
    const first = body.next();
    await settled();
    send(20_000);
    expect((await first)?.length).toBe(20_000);
    send(40_000);
    expect((await body.next())?.length).toBe(40_000);
    body.close();
  });
});

describe('The memory for bodies', () => {
  it('is not asked for chunks that find room in the buffer of their body, however full it is', async () => {
    const budget = new BodyBudget({ bytes: 32 * KiB });
    const [one, other] = [client(budget), client(budget)];
    void one.body.next();
    void other.body.next();
    await settled();
    other.send(20 * KiB);
    const looks = vi.spyOn(budget, 'makeRoom');
    for (let chunk = 0; chunk < 10_000; chunk++) one.send(1);
    expect(looks).not.toHaveBeenCalled();
    expect(one.asked).toEqual(['resume', 'pause']);
    one.body.close();
    other.body.close();
  });

  it('has room for 5,000 uploads that have sent little', async () => {
    const budget = new BodyBudget();
    const clients = Array.from({ length: 5000 }, () => client(budget));
    for (const { body } of clients) void body.next();
    await settled();
    for (const { send } of clients) send(1);
    expect(clients.every(({ asked }) => asked.at(-1) === 'resume')).toBe(true);
    expect(budget.held).toBeLessThan(128 * KiB * KiB);
    for (const { body } of clients) body.close();
    expect([budget.held, budget.bodies]).toEqual([0, 0]);
  });

  it('leaves a body unread that does not fit, until another has left', async () => {
    const budget = new BodyBudget({ bytes: 20 * KiB });
    const [first, second] = [client(budget), client(budget)];
    void first.body.next();
    void second.body.next();
    await settled();
    expect([first.asked, second.asked]).toEqual([['resume'], []]);
    first.body.close();
    await settled();
    expect(second.asked).toEqual(['resume']);
    second.body.close();
  });

  it('that is full is taken from the slowest body first, and from none that is not slow', async () => {
    const budget = new BodyBudget({ bytes: 64 * KiB });
    const [crawls, trickles, flows] = [client(budget), client(budget), client(budget)];
    const cut = [crawls, trickles, flows].map(({ body }) =>
      body
        .next()
        .then(() => body.next())
        .catch((error: unknown) => error),
    );
    await settled();
    for (let second = 0; second < 6; second++) {
      crawls.send(1);
      trickles.send(100);
      flows.send(1200);
      budget.second();
    }
    const [fourth, fifth] = [client(budget), client(budget)];
    void fourth.body.next();
    void fifth.body.next();
    await settled();
    expect([fourth.asked, fifth.asked]).toEqual([['resume'], ['resume']]);
    expect(await cut[0]).toMatchObject({ failure: 'slow' });
    const sixth = client(budget);
    void sixth.body.next();
    await settled();
    expect(await cut[1]).toMatchObject({ failure: 'slow' });
    const seventh = client(budget);
    void seventh.body.next();
    await settled();
    expect(seventh.asked).toEqual([]);
    for (const { body } of [flows, fourth, fifth, sixth, seventh]) body.close();
  });

  it('that is full of bodies that sent something and then trickle has room for a stranger at once', async () => {
    const budget = new BodyBudget({ bytes: 256 * KiB });
    const clients = Array.from({ length: 20 }, () => client(budget));
    const begun = clients.map(({ body }) => body.beginning(64 * KiB).then(() => body.close()));
    await settled();
    const sent = new Set<unknown>();
    for (let second = 0; second < 10; second++) {
      for (const one of clients.filter(({ asked }) => asked.at(-1) === 'resume')) {
        one.send(sent.has(one) ? 1 : 40 * KiB);
        sent.add(one);
      }
      budget.second();
      await settled();
    }
    const stranger = client(budget);
    void stranger.body.next();
    await settled();
    expect(stranger.asked).toEqual(['resume']);
    for (const { body } of [...clients, stranger]) body.close();
    await Promise.all(begun);
    expect([budget.held, budget.bodies]).toEqual([0, 0]);
  });

  it('keeps no body that has begun from its end', async () => {
    const budget = new BodyBudget({ bytes: 128 * KiB });
    const clients = Array.from({ length: 3 }, () => client(budget));
    const begun = clients.map(({ body }) => body.beginning(64 * KiB));
    await settled();
    for (const { send } of clients) send(33 * KiB);
    await settled();
    expect(budget.held).toBeGreaterThan(128 * KiB);
    expect(clients.map(({ asked }) => asked.at(-1))).toEqual(Array(3).fill('resume'));
    for (const { body } of clients) body.end();
    expect((await Promise.all(begun)).map(({ bytes }) => bytes.length)).toEqual(Array(3).fill(33 * KiB));
    for (const { body } of clients) body.close();
  });

  it('is exceeded by half at the most, whatever comes at once', async () => {
    const budget = new BodyBudget({ bytes: 1024 * KiB });
    const clients = Array.from({ length: 64 }, () => client(budget));
    const begun = clients.map(({ body }) => body.beginning(64 * KiB));
    await settled();
    let most = 0;
    for (const { send } of clients) {
      send(64 * KiB);
      most = Math.max(most, budget.held);
    }
    expect(most).toBeLessThanOrEqual(1.5 * 1024 * KiB);
    expect(budget.bodies).toBeGreaterThan(8);
    for (const { body } of clients) body.close();
    const cut = (await Promise.all(begun)).filter(({ broken }) => broken).map(({ broken }) => broken?.error);
    expect(cut[0]).toMatchObject({ failure: 'no-memory' });
  });

  it('is given back by a body that keeps pace while another waits', async () => {
    const budget = new BodyBudget({ bytes: 64 * KiB });
    const fast = client(budget);
    for (let piece = 0; piece < 3; piece++) {
      const next = fast.body.next();
      await settled();
      fast.send(60 * KiB);
      await next;
    }
    expect(budget.held).toBe(64 * KiB);
    const waits = client(budget);
    void waits.body.next();
    await settled();
    expect(waits.asked).toEqual([]);
    void fast.body.next();
    await settled();
    expect(waits.asked).toEqual(['resume']);
    for (const { body } of [fast, waits]) body.close();
  });

  it('is waited for a short time only by a body that holds some', async () => {
    const budget = new BodyBudget({ bytes: 256 * KiB });
    const [first, second] = [client(budget), client(budget)];
    const [refused, taken] = [first, second].map(({ body }) => body.whole(4096 * KiB).finally(() => body.close()));
    await settled();
    for (const { send } of [first, second]) send(128 * KiB);
    await settled();
    expect([first.asked.at(-1), second.asked.at(-1)]).toEqual(['pause', 'pause']);
    for (let passed = 0; passed < 4; passed++) budget.second();
    await expect(refused).rejects.toMatchObject({ failure: 'no-memory' });
    await settled();
    expect(second.asked.at(-1)).toBe('resume');
    second.body.end();
    expect((await taken)?.length).toBe(128 * KiB);
  });

  it('is not waited for without end: who waits too long is told so', async () => {
    const budget = new BodyBudget({ bytes: 16 * KiB });
    const [holder, waits] = [client(budget), client(budget)];
    void holder.body.next();
    const waiting = waits.body.whole(100);
    await settled();
    for (let second = 0; second < 31; second++) {
      holder.send(2048);
      void holder.body.next();
      await settled();
      budget.second();
    }
    await expect(waiting).rejects.toMatchObject({ failure: 'no-memory' });
    holder.body.close();
  });

  it.each([0, 1])('is not held in a large buffer by a client that stopped, or sends %i bytes a second', async (little) => {
    const budget = new BodyBudget();
    const { body, send } = client(budget);
    for (let piece = 0; piece < 12; piece++) {
      const next = body.next();
      await settled();
      for (let sent = 0; sent < 16; sent++) send(64 * KiB);
      await next;
    }
    expect(budget.held).toBeGreaterThanOrEqual(1024 * KiB);
    const last = body.next();
    await settled();
    send(2000);
    budget.second(); // In this one it sent something,
    if (little > 0) send(little);
    budget.second(); // in this one little or nothing.
    expect((await last)?.length).toBe(2000 + little);
    body.close();
  });
});

describe('The pace of a client', () => {
  it('that moves nothing ends its patience after a minute, one that moves enough never', () => {
    const [still, steady] = [new Pace(), new Pace()];
    for (let second = 0; second < patienceSeconds; second++) {
      expect(still.exhausted).toBe(false);
      still.second(0);
      steady.second(256);
    }
    expect([still.exhausted, steady.exhausted]).toEqual([true, false]);
  });
});
