import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '#lib/platform';
import { dataPlaneSettings } from '../../apps/data-plane/src/config.js';
import { managementSettings } from '../../apps/management-api/src/config.js';
import { standaloneSettings } from '../../apps/standalone/src/config.js';
import { secretKey } from '../../apps/standalone/src/home/secret-key.js';
import { workerSettings } from '../../apps/worker/src/config.js';
import { caOf, credentialsOf, managementOf, projectRoot, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';
import { call } from '../support/wire.js';

const apps = { 'the data plane': dataPlaneSettings, 'the management API': managementSettings, 'the worker': workerSettings };
const complete = {
  DATABASE_URL: 'postgres://u@h/d',
  REGATTA_SECRET_KEY: randomBytes(32).toString('base64'),
  REGATTA_REGION: 'eastus',
  REGATTA_BUCKETS: '{"eastus":"file:///a","westeurope":"file:///b"}',
  HTTP_PORT: '8080',
};
const weakKeys = {
  zeroes: Buffer.alloc(32),
  'one letter': Buffer.alloc(32, 'x'),
  'a short word, again and again': Buffer.alloc(32, 'changeme'),
};

/** The settings that are found wrong. */
function mistakes(schema: Parameters<typeof readConfig>[0], env: Record<string, string | undefined>): string[] {
  try {
    readConfig(schema, env);
    return [];
  } catch (error) {
    return (error as ConfigError).lines.map((line) => line.split(':')[0]!);
  }
}

describe('A process', () => {
  it.each(Object.entries(apps))('of %s starts with no secret that the operator did not give', (_name, schema) => {
    expect(mistakes(schema, complete)).toEqual([]);
    for (const absent of [undefined, '']) {
      expect(mistakes(schema, { ...complete, REGATTA_SECRET_KEY: absent })).toEqual(['REGATTA_SECRET_KEY']);
      expect(mistakes(schema, { ...complete, DATABASE_URL: absent })).toEqual(['DATABASE_URL']);
    }
  });

  it.each(Object.entries(weakKeys))('refuses a secret key of %s', (_what, key) => {
    for (const schema of [...Object.values(apps), standaloneSettings])
      expect(mistakes(schema, { ...complete, REGATTA_SECRET_KEY: key.toString('base64') })).toEqual(['REGATTA_SECRET_KEY']);
  });

  it('of npm start without a secret makes a random one, another in each home', async () => {
    const homes = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'regatta-key-')));
    try {
      const keys = await Promise.all(homes.map((home) => secretKey(home, undefined)));
      expect(new Set(keys).size).toBe(2);
      for (const key of keys) expect(mistakes(standaloneSettings, { REGATTA_SECRET_KEY: key })).toEqual([]);
      expect(await secretKey(homes[0]!, undefined)).toBe(keys[0]);
    } finally {
      for (const home of homes) rmSync(home, { recursive: true });
    }
  });
});

describe('A first start', () => {
  let service: ServiceFacts;
  const group = `defaults-${randomBytes(4).toString('hex')}`;
  const name = `defaults${randomBytes(4).toString('hex')}`;
  beforeAll(async () => {
    service = await sharedService();
    const management = managementOf(service);
    await management.createGroup(group);
    // As little as a client may say.
    await management.send('PUT', management.registryPath(group, name), { location: 'eastus', sku: { name: 'Basic' } });
    await management.registryReady(group, name);
  });
  afterAll(() => managementOf(service).deleteRegistry(group, name));

  /** What other services were delivered with. */
  const known = ['', 'admin', 'password', 'Harbor12345', 'regatta', 'postgres', 'changeme', 'secret'];

  it('makes secrets that cannot be guessed', () => {
    const secrets = [credentialsOf(service).clientSecret, readFileSync(join(service.home, 'postgres/password'), 'utf8').trim()];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThanOrEqual(32);
      expect(new Set(secret).size).toBeGreaterThanOrEqual(10);
    }
    expect(new Set(secrets).size).toBe(2);
  });

  it('lets no well-known password in: at a registry, at the token endpoint, at the database', async () => {
    const { tenantId, clientId } = credentialsOf(service);
    const data = `https://localhost:${service.regions.eastus.https}`;
    for (const user of ['admin', 'regatta', name, clientId]) {
      for (const password of known) {
        const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
        const at = await call(`${data}/v2/${name}/app/tags/list`, { ca: caOf(service), headers: { authorization } });
        expect([user, password, at.status]).toEqual([user, password, 401]);
      }
    }
    for (const secret of known) {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
        scope: `${service.managementUrl}/.default`,
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const at = await call(`${service.managementUrl}/${tenantId}/oauth2/v2.0/token`, {
        method: 'POST',
        ca: caOf(service),
        headers,
        body: body.toString(),
      });
      expect([secret, at.status]).toEqual([secret, expect.toBeOneOf([400, 401])]);
    }
    const port = Number(readFileSync(join(service.home, 'postgres/port'), 'utf8'));
    for (const user of ['postgres', 'regatta', 'root']) {
      for (const password of known) {
        const client = new Client({ host: '127.0.0.1', port, user, password, database: 'regatta' });
        client.on('error', () => undefined);
        await expect(client.connect()).rejects.toThrow();
      }
    }
  });

  it('gives a registry no admin user unless it is asked for', async () => {
    const management = managementOf(service);
    const root = management.registryPath(group, name);
    expect((await management.send('GET', root)).json<{ properties: { adminUserEnabled: boolean } }>().properties.adminUserEnabled).toBe(
      false,
    );
    const answer = await management.send('POST', `${root}/listCredentials`);
    expect([answer.status, answer.body.toString().includes('passwords')]).toEqual([400, false]);
  });
});

describe('What is deployed', () => {
  const files = [
    'Dockerfile',
    'docker-compose.yml',
    ...readdirSync(join(projectRoot, 'deploy'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(projectRoot.length + 1)),
  ];
  const secretName = /(password|passwd|secret|token|_key|credential|access_?key)/i;
  /** Nothing, a variable that must be given, a template, a switch, or the place of a Kubernetes Secret or a file. */
  const noValue = /^(''|""|\[\]|\{\}|\$\{\w+(:\?[^}]*)?\}.*|\{\{.*|\/.*|true|false|)$/;

  it.each(files)('holds no password and no default of one: %s', (file) => {
    const lines = readFileSync(join(projectRoot, file), 'utf8').split('\n');
    const found = lines.filter((line) => {
      if (/^\s*(#|\{\{)/.test(line)) return false;
      const [, name = '', value = ''] = /^[\s-]*(?:ENV |ARG |export )?"?([\w.]+)"?\s*[:=]\s*(.*?)\s*(?:#.*)?$/.exec(line) ?? [];
      const given = /name: (\w+), value: ([^}]*?) *\}/.exec(line);
      const pairs = [[name, value], ...(given ? [[given[1]!, given[2]!]] : [])];
      if (pairs.some(([key, text]) => secretName.test(key!) && !noValue.test(text!))) return true;
      return /:\/\/[^\s:@/]+:(?!\$\{\w+:\?)[^@\s/]+@/.test(line) || /-----BEGIN [A-Z ]*PRIVATE KEY/.test(line);
    });
    expect(found).toEqual([]);
  });
});
