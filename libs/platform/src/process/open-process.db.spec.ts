import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Door, testDatabase, type TestDatabase } from '#lib/testkit';
import { freePort } from '../embedded-postgres/port.js';
import { openProcess, whenDatabaseAnswers, type OpenProcess } from '../index.js';

let db: TestDatabase;
let door: Door;
beforeAll(async () => {
  db = await testDatabase();
  door = await Door.to(db.url);
  opsPort = await freePort();
});
afterEach(() => door.turn('shut'));
afterAll(() => db.drop());

let opsPort: number;
const ready = () => fetch(`http://127.0.0.1:${opsPort}/readyz`).then(async (answer) => [answer.status, await answer.json()]);

describe('a process that meets a database which is not there yet', () => {
  it.each(['shut', 'starting'] as const)('waits (%s), says so, and goes on once it answers', async (state) => {
    await door.turn(state);
    let opened: OpenProcess | null = null;
    const opening = openProcess({
      name: 'spec',
      config: { DATABASE_URL: door.url, LOG_LEVEL: 'silent', OPS_PORT: opsPort, REGATTA_OPS_LISTEN: ['127.0.0.1'] },
      entities: [],
      migrations: [],
    }).then((parts) => (opened = parts));
    const waiting = [503, { status: 'unavailable', checks: { postgres: 'failed', startup: 'starting' } }];
    await expect.poll(ready).toEqual(waiting);
    if (state === 'starting') await expect.poll(() => door.callers).toBeGreaterThan(1);
    expect(opened).toBeNull();
    await door.turn('open');
    const parts = await opening;
    parts.health.started();
    expect(await ready()).toEqual([200, { status: 'ok', checks: { postgres: 'ok' } }]);

    await door.turn('shut'); // And is not ready while it is away later on.
    expect(await ready()).toEqual([503, { status: 'unavailable', checks: { postgres: 'failed' } }]);
    await door.turn('open');
    await expect.poll(ready).toEqual([200, { status: 'ok', checks: { postgres: 'ok' } }]);
    await parts.dataSource.destroy();
    await parts.close();
  });

  it('ends when it is refused for another reason', async () => {
    const wrong = Object.assign(new URL(db.url), { pathname: '/no-such-database' }).toString();
    const opening = openProcess({
      name: 'spec',
      config: { DATABASE_URL: wrong, LOG_LEVEL: 'silent', REGATTA_OPS_LISTEN: ['127.0.0.1'] },
      entities: [],
      migrations: [],
    });
    await expect(opening).rejects.toThrow('does not exist');
  });

  it('gives up when it may wait no longer, with the reason', async () => {
    const said: string[] = [];
    let tries = 0;
    const work = async () => {
      tries += 1;
      await db.dataSource.query(`DO $$ BEGIN RAISE EXCEPTION 'starting up' USING ERRCODE = '57P03'; END $$`);
    };
    await expect(whenDatabaseAnswers(work, { say: (line) => said.push(line), seconds: 0 })).rejects.toThrow('starting up');
    expect(tries).toBe(1);
  });
});
