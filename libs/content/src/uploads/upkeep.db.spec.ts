import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PipelinedPool } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { asOwner, repository } from '../content.suite.js';
import { type LeasedSession, Sessions } from './sessions.js';
import { Upkeep } from './upkeep.js';

let db: TestDatabase;
let pool: PipelinedPool;
beforeAll(async () => {
  db = await testDatabase();
  pool = new PipelinedPool({ url: db.url, applicationName: 'upkeep' });
});
afterAll(async () => {
  await pool?.close();
  await db?.drop();
});

describe('A process with many uploads', () => {
  it('renews all their leases by a few statements, and knows which are lost', async () => {
    const sessions = new Sessions(pool);
    const owner = asOwner(repository());
    const leased: LeasedSession[] = [];
    for (let made = 0; made < 50; made++) {
      const id = randomUUID();
      await sessions.start(owner, { id, region: 'eastus', algorithm: 'sha256', storageLimit: null, size: 0 });
      leased.push((await sessions.lease(owner, id, randomUUID()))!);
    }
    const upkeep = new Upkeep(sessions);
    const query = vi.spyOn(pool, 'query');
    const kept = await Promise.all(leased.map((one, at) => upkeep.keep(at === 7 ? { ...one, lease: randomUUID() } : one)));
    expect(query.mock.calls.length).toBeLessThanOrEqual(2);
    query.mockRestore();
    expect(kept.flatMap((one, at) => (one ? [] : [at]))).toEqual([7]);
  });

  it('syncs no more than two of their parts at a time', async () => {
    const upkeep = new Upkeep(new Sessions(pool));
    let [running, most] = [0, 0];
    const flush = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => upkeep.sync({ flush })));
    expect([most, running]).toEqual([2, 0]);
  });
});
