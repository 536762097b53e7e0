import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { redisAvailable, testDatabase, testRedis, type TestDatabase, type TestRedis } from '#lib/testkit';
import {
  Broadcast,
  JobSystem,
  Outbox,
  correlation,
  defineJob,
  newLogger,
  queueBackend,
  type JobHandler,
  type QueueBackendSettings,
  type Schedule,
} from '../index.js';

const work = defineJob({
  name: 'work',
  queue: 'spec',
  payload: z.object({ id: z.string(), note: z.string().optional() }),
  key: ({ id }) => [id],
  attempts: 3,
  backoffSeconds: 0.05,
});
type Work = { id: string; note?: string | undefined };

let db: TestDatabase;
let redis: TestRedis | null = null;
const backends: Record<string, () => QueueBackendSettings> = {
  'on Postgres': () => ({ databaseUrl: db.url }),
  'on Redis': () => ({ redisUrl: redis!.url, prefix: `spec-${process.pid}` }),
};

/** Ends every connection to the database and to Redis, as a restart of both would. */
async function cutAll(): Promise<void> {
  await db.dataSource.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  await redis?.cut();
}

beforeAll(async () => {
  db = await testDatabase();
  redis = redisAvailable() ? await testRedis() : null;
});
afterAll(async () => {
  await redis?.stop();
  await db.drop();
});

describe.each(Object.keys(backends))('jobs %s', (kind) => {
  const suite = kind === 'on Redis' ? describe.skipIf(!redisAvailable()) : describe;
  suite('', () => {
    const outbox = new Outbox();
    const logger = newLogger({ name: 'spec', level: 'silent' });
    const running: { close(): Promise<void> }[] = [];

    async function system(
      run: JobHandler<Work>['run'],
      more: { region?: string; gaveUp?: (payload: Work, error: Error) => Promise<void>; schedules?: Schedule[] } = {},
    ) {
      const broadcast = new Broadcast({ url: db.url, applicationName: 'spec' });
      const handler: JobHandler<Work> = { job: work, run, ...(more.gaveUp ? { gaveUp: more.gaveUp } : {}) };
      const settings = { dataSource: db.dataSource, broadcast, backend: backends[kind]!(), logger, region: more.region ?? 'eastus' };
      const jobs = new JobSystem(settings, [handler], more.schedules);
      await jobs.start();
      running.push(jobs, broadcast);
      return jobs;
    }
    const add = (payload: Work, options?: { region?: string; delaySeconds?: number }) => outbox.add(db.dataSource, work, payload, options);

    afterEach(async () => {
      for (const part of running.splice(0)) await part.close();
      await db.dataSource.query('DELETE FROM platform.outbox');
      for (const region of ['', '.eastus', '.westeurope']) {
        const queue = queueBackend(backends[kind]!()).queue(`spec${region}`);
        await queue.obliterate({ force: true });
        await queue.close();
      }
    });

    it('follow a change that is committed, with its correlation id, and never one that is not', async () => {
      const seen: [string, string | undefined][] = [];
      await system(async ({ id }) => void seen.push([id, correlation.getStore()?.correlationId]));
      await db.dataSource
        .transaction(async (manager) => {
          await outbox.add(manager, work, { id: 'rolled back' });
          throw new Error('no');
        })
        .catch(() => {});
      await correlation.run({ correlationId: 'c-7' }, () =>
        db.dataSource.transaction((manager) => outbox.add(manager, work, { id: 'kept' })),
      );
      await expect.poll(() => seen).toEqual([['kept', 'c-7']]);
      expect(await db.dataSource.query('SELECT id FROM platform.outbox')).toEqual([]);
    });

    it('wait in the outbox while no worker runs', async () => {
      await add({ id: 'early' });
      const seen: string[] = [];
      await system(async ({ id }) => void seen.push(id));
      await expect.poll(() => seen).toEqual(['early']);
    });

    it('of one key run once for all that came while the first waited, and once more for what came while it ran', async () => {
      const seen: string[] = [];
      let release = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      await system(async ({ note }) => {
        seen.push(note ?? '');
        if (seen.length === 1) await held;
      });
      await add({ id: 'same', note: 'first' });
      await expect.poll(() => seen).toEqual(['first']);
      await add({ id: 'same', note: 'second' });
      await add({ id: 'same', note: 'third' });
      await expect.poll(() => db.dataSource.query('SELECT id FROM platform.outbox')).toEqual([]);
      expect(seen).toEqual(['first']);
      release();
      await expect.poll(() => seen).toEqual(['first', 'third']);
    });

    it('are tried again after a failure, and say when they give up', async () => {
      let tries = 0;
      const gaveUp: string[] = [];
      await system(
        async () => {
          tries += 1;
          throw new Error(`try ${tries}`);
        },
        { gaveUp: async (payload, error) => void gaveUp.push(`${payload.id}: ${error.message}`) },
      );
      await add({ id: 'doomed' });
      await expect.poll(() => gaveUp, { timeout: 10_000 }).toEqual(['doomed: try 3']);
      await add({ id: 'doomed' }); // The same work may be asked for again.
      await expect.poll(() => gaveUp.length, { timeout: 10_000 }).toBe(2);
    });

    it('of a region are done by that region only', async () => {
      const seen: string[] = [];
      await system(async ({ id }) => void seen.push(`east ${id}`));
      await add({ id: '1', region: 'x' } as Work, { region: 'westeurope' });
      await add({ id: '2' }, { region: 'eastus' });
      await expect.poll(() => seen).toEqual(['east 2']);
      await system(async ({ id }) => void seen.push(`west ${id}`), { region: 'westeurope' });
      await expect.poll(() => seen).toEqual(['east 2', 'west 1']);
    });

    it('can be put off', async () => {
      const seen: string[] = [];
      await system(async ({ id }) => void seen.push(id));
      await add({ id: 'later' }, { delaySeconds: 1 });
      await add({ id: 'now' });
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['now', 'later']);
    });

    it('come back on a schedule', async () => {
      const seen: string[] = [];
      await system(async ({ id }) => void seen.push(id), { schedules: [{ job: work, payload: { id: 'tick' }, everySeconds: 1 }] });
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(1);
      const queue = queueBackend(backends[kind]!()).queue('spec.eastus');
      await queue.removeJobScheduler('every-work');
      await queue.close();
    });

    it('go on after every connection was cut, more than once', async () => {
      const seen: string[] = [];
      await system(async ({ id }) => void seen.push(id));
      for (const id of ['1', '2', '3']) {
        await cutAll();
        await expect
          .poll(() =>
            add({ id }).then(
              () => true,
              () => false,
            ),
          )
          .toBe(true);
        await expect.poll(() => seen).toContain(id);
      }
    });

    it('are told to stop when the worker drains, and run again elsewhere', async () => {
      const seen: string[] = [];
      const first = await system(async (_payload, signal) => {
        seen.push('begun');
        await new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      });
      await add({ id: 'long' });
      await expect.poll(() => seen).toEqual(['begun']);
      await first.close();
      await system(async () => void seen.push('done'));
      await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['begun', 'done']);
    });
  });
});

it('a job with two handlers, or a schedule with none, stops the start', async () => {
  const handler = { job: work, run: async () => {} };
  const settings = {
    dataSource: db.dataSource,
    broadcast: null as never,
    backend: { databaseUrl: db.url },
    logger: newLogger({ name: 'spec' }),
    region: 'eastus',
  };
  expect(() => new JobSystem(settings, [handler, handler])).toThrow('Two handlers for the job work.');
  expect(() => new JobSystem(settings, [], [{ job: work, payload: {}, everySeconds: 1 }])).toThrow(
    'No handler for the scheduled job work.',
  );
});

it('a payload that is not of the shape is refused before anything is written', async () => {
  await expect(new Outbox().add(db.dataSource, work, { id: 7 as unknown as string })).rejects.toThrow();
  expect(await db.dataSource.query('SELECT id FROM platform.outbox')).toEqual([]);
});
