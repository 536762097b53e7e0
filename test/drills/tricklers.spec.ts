import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import { percentile, spread } from './crumbs-scene.js';
import { pushes, Tricklers } from './slow-clients-scene.js';

/** Few unless told otherwise: `REGATTA_DRILL_TRICKLERS=5000 npx vitest run test/drills/tricklers.spec.ts` measures and prints. */
const measured = process.env['REGATTA_DRILL_TRICKLERS'];
const count = Number(measured ?? 50);
const times = measured ? 15 : 1;
const blob = 10 * 1024 * 1024;

let tricklers: TestRegistry;
let stranger: TestRegistry;
beforeAll(async () => {
  tricklers = await testRegistry('tricklers');
  stranger = await testRegistry('stranger');
}, 180_000);
afterAll(async () => {
  await tricklers?.remove();
  await stranger?.remove();
});

/** What each sends before it trickles: less than a first buffer, more than the budget has for all, and enough for a file. */
const beginnings = { '1 byte': 1, '40 KiB': 40 * 1024, '100 KiB': 100 * 1024 };

describe(`${count} clients that trickle`, { timeout: 600_000 }, () => {
  it.each(Object.entries(beginnings))('after %s leave a stranger the memory for a push of 10 MiB', async (what, beginning) => {
    const alone = await pushes(stranger, blob, times);
    const slow = await Tricklers.start(tricklers, count, beginning);
    // The first push waits with five thousand others whose requests are taken up.
    const [first] = await pushes(stranger, blob, 1);
    const beside = await pushes(stranger, blob, times);
    const left = slow.left;
    slow.stop();
    if (measured) await sleep(2_000);
    alone.push(...(await pushes(stranger, blob, times)));
    const ratio = percentile(beside, 0.5) / percentile(alone, 0.5);
    const figures = { ratio: ratio.toFixed(2), left, first: spread([first!]), beside: spread(beside), alone: spread(alone) };
    if (measured) process.stderr.write(`after ${what}: ${JSON.stringify(figures, null, 2)}\n`);
    expect(beside).toHaveLength(times);
    if (measured) expect(ratio).toBeLessThanOrEqual(2);
  });
});
