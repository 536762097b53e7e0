import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newLogger } from '#lib/platform';
import { TestManagement } from '../testing/test-management.js';

/** Far more than are written in the seconds they take. */
const many = 500;

interface Line {
  msg: string;
  status?: number;
  client?: string;
  path?: string;
  left?: number;
}

describe('the log lines of requests', () => {
  let management: TestManagement;
  let lines: Line[] = [];
  beforeAll(async () => {
    const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(JSON.parse(String(chunk)) as Line), done()) });
    const logger = newLogger({ name: 'spec', level: 'info', destination });
    management = await TestManagement.start({ LOG_LEVEL: 'info', REGATTA_TRUSTED_PROXIES: ['127.0.0.1'] }, logger);
  });
  afterAll(() => management.stop());
  beforeEach(() => {
    lines = [];
  });

  const ask = async (path: string, token?: string) => {
    const headers = { 'x-forwarded-for': '192.0.2.7', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(management.baseUrl + path, { headers });
    await answer.arrayBuffer();
    return answer.status;
  };
  const requests = () => lines.filter(({ msg }) => msg === 'request');

  it.each([
    ['401', '/subscriptions?api-version=2022-12-01'],
    ['404', '/.env'],
  ])('are a sample where strangers are refused with %s', async (status, path) => {
    const seconds = new Set<number>();
    for (let n = 0; n < many; n++) {
      expect(await ask(path)).toBe(Number(status));
      seconds.add(Math.floor(Date.now() / 1000));
    }
    expect(requests().length).toBeLessThanOrEqual(20 * (seconds.size + 1));
  });

  it('are all written for callers who are known, refused or not', async () => {
    const path = `/subscriptions/${management.subscriptionId}/resourceGroups/absent?api-version=2024-03-01`;
    for (let n = 0; n < 50; n++) expect(await ask(path, management.owner.token)).toBe(404);
    expect(requests()).toHaveLength(50);
  });

  it('each tell the address of the client, behind a trusted proxy the one the proxy saw', async () => {
    await ask('/subscriptions?api-version=2022-12-01', management.owner.token);
    expect(requests()).toMatchObject([{ status: 200, client: '192.0.2.7', path: '/subscriptions' }]);
  });
});
