import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { managementSettings } from './config.js';
import { startManagementApi } from './management-api.js';

const secretKey = randomBytes(32).toString('base64');

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db?.drop());

const environment = async (more: Record<string, string> = {}) => ({
  DATABASE_URL: db.url,
  REGATTA_SECRET_KEY: secretKey,
  REGATTA_LISTEN: '127.0.0.1',
  HTTP_PORT: String(await freePort()),
  OPS_PORT: String(await freePort()),
  LOG_LEVEL: 'silent',
  ...more,
});

describe('the management API as a process', () => {
  it('is healthy on its ports, and shows its metrics on the one for operators only', async () => {
    const env = await environment();
    const running = await startManagementApi(readConfig(managementSettings, env));
    try {
      const [api, ops] = [`http://127.0.0.1:${env.HTTP_PORT}`, `http://127.0.0.1:${env.OPS_PORT}`];
      for (const path of ['/livez', '/readyz', '/startupz']) {
        for (const base of [api, ops]) expect([base, path, (await fetch(base + path)).status]).toEqual([base, path, 200]);
      }
      await fetch(`${api}/subscriptions`);
      expect((await fetch(`${api}/metrics`)).status).toBe(404);
      const metrics = await (await fetch(`${ops}/metrics`)).text();
      expect(metrics).toContain('registry_http_requests_total{method="GET",route="/subscriptions",status="401"} 1');
      expect(metrics).toContain('registry_http_request_duration_seconds_bucket');
    } finally {
      await running.stop();
    }
  });

  it('finishes a request under way before it stops, and takes no new one', async () => {
    const env = await environment({ REGATTA_DRAIN_SECONDS: '10' });
    const running = await startManagementApi(readConfig(managementSettings, env));
    const port = Number(env.HTTP_PORT);
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const answered = new Promise<number>((resolve, reject) => {
      // The server says when it takes the body.
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': 29, expect: '100-continue' };
      const slow = request({ host: '127.0.0.1', port, method: 'POST', path: '/organizations/oauth2/v2.0/token', headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode!));
      });
      slow.on('error', reject);
      slow.on('continue', () => slow.write('grant_type=client_', () => begun.resolve()));
      void released.promise.then(() => slow.end('credentials'));
      slow.flushHeaders();
    });
    await begun.promise;
    const stopped = running.stop();
    await expect
      .poll(() =>
        fetch(`http://127.0.0.1:${port}/livez`).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('refused');
    released.resolve();
    // Refused for what it lacks, but answered.
    expect(await answered).toBe(400);
    await stopped;
  });

  it.each([
    [{ DATABASE_URL: 'nonsense' }, 'DATABASE_URL'],
    [{ REGATTA_SECRET_KEY: 'c2hvcnQ=' }, 'REGATTA_SECRET_KEY'],
    [{ HTTP_PORT: '' }, 'HTTPS_PORT'],
    [{ HTTPS_PORT: '8443' }, 'TLS_CERT_FILE'],
    [{ REGATTA_MANAGEMENT_URL: 'localhost' }, 'REGATTA_MANAGEMENT_URL'],
  ])('does not start with %j, and names the variable', async (wrong, name) => {
    const env = await environment(wrong);
    const read = () => readConfig(managementSettings, env);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(new RegExp(`^${name}: `, 'm'));
  });

  it('says which port is taken', async () => {
    const env = await environment();
    const running = await startManagementApi(readConfig(managementSettings, env));
    try {
      const other = { ...env, OPS_PORT: String(await freePort()) };
      await expect(startManagementApi(readConfig(managementSettings, other))).rejects.toThrow(`Port ${env.HTTP_PORT}`);
    } finally {
      await running.stop();
    }
  });
});

/** A port that nobody listens on at the moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
