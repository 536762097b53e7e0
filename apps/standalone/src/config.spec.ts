import { ConfigError, readConfig } from '#lib/platform';
import { describe, expect, it } from 'vitest';
import { portSettings, standaloneSettings } from './config.js';
import { greetingFor, greetingText } from './greeting.js';
import { planProcesses } from './processes/plans.js';

const read = (env: Record<string, string>) => readConfig(standaloneSettings, env);

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}

describe('the settings of npm start', () => {
  it('need nothing', () => {
    const config = read({});
    expect(config).toMatchObject({
      management: { https: 8443, http: 8080, ops: 9464, url: 'https://localhost:8443' },
      regions: [
        { name: 'eastus', https: 5443, http: 5000 },
        { name: 'westeurope', https: 5444, http: 5001 },
      ],
      loginServerSuffix: 'localhost:5443',
      listen: ['127.0.0.1', '::1'],
    });
    expect(config.buckets['westeurope']).toMatch(/^file:\/\/.*\/\.regatta\/buckets\/westeurope$/);
    expect(new Set(portSettings(config).map(({ port }) => port)).size).toBe(11);
  });

  it('follow a port that is moved', () => {
    const config = read({ REGATTA_DATA_HTTPS_PORT: '7000', REGATTA_MANAGEMENT_HTTPS_PORT: '9443' });
    expect(config.loginServerSuffix).toBe('localhost:7000');
    expect(config.management.url).toBe('https://localhost:9443');
    expect(config.regions.map(({ https }) => https)).toEqual([7000, 7001]);
  });

  it('keep plain HTTP on this machine when HTTPS is for the network, unless they say so', () => {
    const hostsOf = (env: Record<string, string>, setting: string) =>
      portSettings(read(env)).flatMap((line) => (line.setting === setting ? line.hosts : []));
    const open = { REGATTA_LISTEN: '0.0.0.0', REGATTA_REGIONS: 'eastus' };
    for (const plane of ['MANAGEMENT', 'DATA']) {
      expect(hostsOf(open, `REGATTA_${plane}_HTTPS_PORT`)).toEqual(['0.0.0.0']);
      expect(hostsOf(open, `REGATTA_${plane}_HTTP_PORT`)).toEqual(['127.0.0.1', '::1']);
      expect(hostsOf({ ...open, REGATTA_HTTP_LISTEN: '192.0.2.1' }, `REGATTA_${plane}_HTTP_PORT`)).toEqual(['192.0.2.1']);
    }
    const installation = {
      config: read(open),
      databaseUrl: '',
      secretKey: '',
      tls: { caFile: '', caKeyFile: '', certFile: '', keyFile: '' },
    };
    for (const { name, environment } of planProcesses(installation).filter(({ listens }) => listens))
      expect([name, environment['REGATTA_LISTEN'], environment['REGATTA_HTTP_LISTEN']]).toEqual([name, '0.0.0.0', '127.0.0.1,::1']);
  });

  it('switch plain HTTP off', async () => {
    const config = read({ REGATTA_MANAGEMENT_HTTP_PORT: 'off', REGATTA_DATA_HTTP_PORT: 'off' });
    expect(portSettings(config).filter(({ setting }) => setting.endsWith('_HTTP_PORT'))).toEqual([]);
    const installation = { config, databaseUrl: '', secretKey: '', tls: { caFile: '', caKeyFile: '', certFile: '', keyFile: '' } };
    for (const { name, environment } of planProcesses(installation)) expect([name, environment['HTTP_PORT']]).toEqual([name, undefined]);
    const greeting = await greetingFor(config, '', { tenantId: '', subscriptionId: '', clientId: '' }, {});
    expect([greeting.managementHttpUrl, ...greeting.regions.map(({ http }) => http)]).toEqual([null, null, null]);
    expect(greetingText(greeting)).not.toContain('http://');
    expect(greetingText(greeting)).not.toContain('  null');
  });

  it('take a port for each region', () => {
    const config = read({ REGATTA_REGIONS: 'a1,b2,c3', REGATTA_DATA_HTTPS_PORT: '7000,7100,7200' });
    expect(config.regions.map(({ https }) => https)).toEqual([7000, 7100, 7200]);
  });

  it.each([
    [{ REGATTA_MANAGEMENT_HTTPS_PORT: 'abc' }, 'REGATTA_MANAGEMENT_HTTPS_PORT: must be a port number'],
    [{ REGATTA_MANAGEMENT_HTTP_PORT: '70000' }, 'REGATTA_MANAGEMENT_HTTP_PORT: must be between 1 and 65535'],
    [{ REGATTA_DATA_HTTPS_PORT: '1,2,3' }, 'REGATTA_DATA_HTTPS_PORT: must be one port, or 2: one for each of eastus, westeurope'],
    [{ REGATTA_DATA_HTTP_PORT: '65535' }, 'REGATTA_DATA_HTTP_PORT: leads to port 65536; ports end at 65535'],
    [{ REGATTA_DATA_HTTP_PORT: '8443' }, 'REGATTA_DATA_HTTP_PORT: leads to port 8443, which REGATTA_MANAGEMENT_HTTPS_PORT already uses'],
    [{ REGATTA_REGIONS: 'eastus,eastus' }, 'REGATTA_REGIONS: names a region twice'],
    [{ REGATTA_REGIONS: 'East US' }, 'REGATTA_REGIONS.0: must be a list of region names such as eastus,westeurope'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL: must be a URL such as postgres://user:password@host:5432/regatta'],
    [{ REDIS_URL: 'localhost' }, 'REDIS_URL: must be a URL such as redis://host:6379'],
    [{ TLS_CERT_FILE: 'x.pem' }, 'TLS_KEY_FILE: is required with TLS_CERT_FILE'],
    [{ REGATTA_BUCKETS: '{"eastus":"file:///x"}' }, 'REGATTA_BUCKETS: has no bucket for westeurope'],
    [{ REGATTA_SECRET_KEY: 'short' }, 'REGATTA_SECRET_KEY: must be 32 random bytes in base64 (openssl rand -base64 32)'],
  ])('say what is wrong with %j', (env, line) => {
    expect(mistakes(env)).toEqual([line]);
  });

  it('name every mistake at once', () => {
    expect(mistakes({ REGATTA_MANAGEMENT_HTTPS_PORT: 'abc', DATABASE_URL: 'nonsense', LOG_LEVEL: 'loud' })).toHaveLength(3);
  });
});
