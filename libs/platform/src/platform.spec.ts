import { Writable } from 'node:stream';
import { randomBytes } from 'node:crypto';
import { fastify as newFastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  ConfigError,
  Health,
  SecretBox,
  commonSettings,
  correlation,
  listenOn,
  listenSettings,
  newLogger,
  readConfig,
  serveHealth,
  startOpsServer,
} from './index.js';

const schema = z.object({ ...commonSettings, ...listenSettings });
const key = randomBytes(32).toString('base64');

describe('configuration', () => {
  it('names every mistake in a line of its own and repeats no value', () => {
    const wrong = { DATABASE_URL: 'mysql://root:hunter2@db', REGATTA_SECRET_KEY: 'hunter2', HTTP_PORT: 'eighty', LOG_LEVEL: 'loud' };
    const error = catchError(() => readConfig(schema, wrong));
    expect(error).toBeInstanceOf(ConfigError);
    const lines = (error as ConfigError).lines;
    expect(lines.map((line) => line.split(':')[0]).sort()).toEqual(['DATABASE_URL', 'HTTP_PORT', 'LOG_LEVEL', 'REGATTA_SECRET_KEY']);
    expect(lines.join()).not.toContain('hunter2');
  });
  it('counts an empty variable as absent and fills the defaults', () => {
    const config = readConfig(schema, {
      DATABASE_URL: 'postgres://u@h/d',
      REGATTA_SECRET_KEY: key,
      REDIS_URL: '',
      REGATTA_REGIONS: 'a1, b2',
    });
    expect(config).toMatchObject({ REGATTA_REGIONS: ['a1', 'b2'], REGATTA_LISTEN: ['127.0.0.1', '::1'], LOG_LEVEL: 'info' });
    expect(config.REDIS_URL).toBeUndefined();
  });
});

describe('the log', () => {
  it('hides secrets at every level we use and carries the correlation id', () => {
    const lines: string[] = [];
    const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
    const logger = newLogger({ name: 'test', destination });
    correlation.run({ correlationId: 'c-1' }, () => {
      logger.info(
        { password: 'canary1', req: { headers: { authorization: 'Bearer canary2' } }, body: { client_secret: 'canary3' } },
        'hello',
      );
    });
    expect(lines.join()).not.toContain('canary');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'info',
      name: 'test',
      correlationId: 'c-1',
      msg: 'hello',
      password: '[redacted]',
    });
  });
});

describe('the secret box', () => {
  it('opens only what was sealed with its key and not changed', () => {
    const box = new SecretBox(key);
    const sealed = box.seal('geheim');
    expect(box.open(sealed)).toBe('geheim');
    expect(box.seal('geheim')).not.toBe(sealed);
    expect(() => new SecretBox(randomBytes(32).toString('base64')).open(sealed)).toThrow();
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    bytes[bytes.length - 1]! ^= 1;
    expect(() => box.open(`v1.${bytes.toString('base64url')}`)).toThrow();
    expect(() => new SecretBox('short')).toThrow(/32 bytes/);
  });
});

describe('listeners', () => {
  it('serve one Fastify on several addresses, name the port that is taken, and drain', async () => {
    const fastify = newFastify();
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    fastify.get('/slow', async () => {
      begun.resolve();
      await released.promise;
      return 'done';
    });
    const listeners = await listenOn(fastify, { hosts: ['127.0.0.1', '::1'], http: { port: 0 } });
    const port = listeners.ports.http!;
    await expect(listenOn(newFastify(), { hosts: ['127.0.0.1'], http: { port } })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
    const answer = fetch(`http://127.0.0.1:${port}/slow`).then((response) => response.text());
    await begun.promise;
    const drained = listeners.drain(60);
    released.resolve();
    await drained;
    expect(await answer).toBe('done');
    await expect(fetch(`http://127.0.0.1:${port}/slow`)).rejects.toThrow();
  });
});

describe('health', () => {
  it('is ready only when started, its checks pass and it does not drain', async () => {
    const health = new Health();
    let broken = true;
    health.check('postgres', async () => {
      if (broken) throw new Error('no connection to postgres://secret');
    });
    const fastify = newFastify();
    serveHealth(fastify, health);
    const ready = async () => fastify.inject('/readyz').then((response) => [response.statusCode, response.json().checks]);
    expect(await ready()).toEqual([503, { postgres: 'failed', startup: 'starting' }]);
    expect((await fastify.inject('/startupz')).statusCode).toBe(503);
    health.started();
    broken = false;
    expect(await ready()).toEqual([200, { postgres: 'ok' }]);
    expect((await fastify.inject('/startupz')).statusCode).toBe(200);
    health.draining();
    expect(await ready()).toEqual([503, { postgres: 'ok', drain: 'draining' }]);
    expect((await fastify.inject('/livez')).statusCode).toBe(200);
  });
  it('serves metrics on the ops port', async () => {
    const ops = await startOpsServer({ port: 0, hosts: ['127.0.0.1'], health: new Health() });
    const text = await fetch(`http://127.0.0.1:${ops.ports.http}/metrics`).then((response) => response.text());
    expect(text).toContain('# TYPE registry_http_requests_total counter');
    await ops.drain(1);
  });
});

function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
