import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bucketSettings, commaList, commonSettings, listenSettings } from '#lib/platform';
import { z } from 'zod';

/** One port, or one for each region: `5443` means 5443, 5444, …; `5443,6443` names each. */
const portList = z
  .string()
  .regex(/^\s*\d{1,5}\s*(,\s*\d{1,5}\s*)*$/, 'must be a port, or one port for each region, such as 5443 or 5443,6443')
  .transform((text) => text.split(',').map(Number))
  .pipe(
    z.array(
      z
        .number()
        .min(1, { error: 'must be between 1 and 65535', abort: true })
        .max(65_535, { error: 'must be between 1 and 65535', abort: true }),
    ),
  );

const onePort = z.coerce
  .number({ error: 'must be a port number' })
  .int('must be a port number')
  .min(1, { error: 'must be between 1 and 65535', abort: true })
  .max(65_535, { error: 'must be between 1 and 65535', abort: true });

/** The same, or the word that switches the listener off: null. */
function orOff<T extends z.ZodType>(ports: T) {
  return z.preprocess((text) => (text === 'off' ? null : text), ports.nullable());
}

/** How long the database of DATABASE_URL may take to answer at the start. */
export const databaseWaitSeconds = z.coerce.number({ error: 'must be a number of seconds' }).int().min(0).max(3600).default(60);

/** What the standalone service reads; everything has a default. */
const settings = z.object({
  REGATTA_HOME: z.string().default('./.regatta'),
  DATABASE_URL: commonSettings.DATABASE_URL.optional(),
  REGATTA_DATABASE_WAIT_SECONDS: databaseWaitSeconds,
  REDIS_URL: commonSettings.REDIS_URL,
  REGATTA_SECRET_KEY: commonSettings.REGATTA_SECRET_KEY.optional(),
  REGATTA_REGIONS: commonSettings.REGATTA_REGIONS,
  REGATTA_LISTEN: commaList.default(['127.0.0.1', '::1']),
  REGATTA_HTTP_LISTEN: commaList.default(['127.0.0.1', '::1']),
  REGATTA_OPS_LISTEN: commonSettings.REGATTA_OPS_LISTEN,
  REGATTA_TRUSTED_PROXIES: listenSettings.REGATTA_TRUSTED_PROXIES,
  REGATTA_PROXY_HEADERS: listenSettings.REGATTA_PROXY_HEADERS,
  REGATTA_MANAGEMENT_HTTPS_PORT: onePort.default(8443),
  REGATTA_MANAGEMENT_HTTP_PORT: orOff(onePort).default(8080),
  REGATTA_DATA_HTTPS_PORT: portList.default([5443]),
  REGATTA_DATA_HTTP_PORT: orOff(portList).default([5000]),
  REGATTA_OPS_PORT: onePort.default(9464),
  REGATTA_LOGIN_SERVER_SUFFIX: commonSettings.REGATTA_LOGIN_SERVER_SUFFIX.unwrap().optional(),
  REGATTA_MANAGEMENT_URL: commonSettings.REGATTA_MANAGEMENT_URL.unwrap().optional(),
  REGATTA_BUCKETS: bucketSettings.REGATTA_BUCKETS.optional(),
  REGATTA_DRAIN_SECONDS: z.coerce.number({ error: 'must be a number of seconds' }).int().min(0).max(3600).default(10),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  LOG_LEVEL: commonSettings.LOG_LEVEL,
});
type Settings = z.infer<typeof settings>;

/** Ports of one region. */
export interface RegionPlan {
  name: string;
  https: number;
  /** Null: no plain HTTP. */
  http: number | null;
  dataOps: number;
  workerOps: number;
}

/** The settings with every default worked out. */
export interface StandaloneConfig {
  home: string;
  databaseUrl: string | undefined;
  databaseWaitSeconds: number;
  redisUrl: string | undefined;
  secretKey: string | undefined;
  listen: string[];
  /** Plain HTTP: this machine alone unless told otherwise, since secrets go over it in clear text. */
  httpListen: string[];
  opsListen: string[];
  trustedProxies: string[];
  proxyHeaders: string;
  management: { https: number; http: number | null; ops: number; url: string };
  regions: RegionPlan[];
  loginServerSuffix: string;
  buckets: Record<string, string>;
  drainSeconds: number;
  certificate: { certFile: string; keyFile: string } | undefined;
  logLevel: string;
}

/** A schema for `readConfig`: settings in, everything worked out; mistakes that lie between settings are found as well. */
export const standaloneSettings = settings.superRefine(findContradictions).transform(workOut);

/** Which setting gave each port. */
export function portSettings(config: StandaloneConfig): { port: number; setting: string; hosts: string[] }[] {
  const { management, regions, listen, httpListen, opsListen } = config;
  const overHttp = (port: number | null, setting: string) => (port === null ? [] : [{ port, setting, hosts: httpListen }]);
  return [
    { port: management.https, setting: 'REGATTA_MANAGEMENT_HTTPS_PORT', hosts: listen },
    ...overHttp(management.http, 'REGATTA_MANAGEMENT_HTTP_PORT'),
    ...regions.map(({ https }) => ({ port: https, setting: 'REGATTA_DATA_HTTPS_PORT', hosts: listen })),
    ...regions.flatMap(({ http }) => overHttp(http, 'REGATTA_DATA_HTTP_PORT')),
    ...[management.ops, ...regions.flatMap((region) => [region.dataOps, region.workerOps])].map((port) => ({
      port,
      setting: 'REGATTA_OPS_PORT',
      hosts: opsListen,
    })),
  ];
}

function findContradictions(read: Settings, context: z.core.$RefinementCtx<Settings>): void {
  const report = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message, input: undefined });
  const regions = read.REGATTA_REGIONS;
  if (new Set(regions).size !== regions.length) report('REGATTA_REGIONS', 'names a region twice');
  if (read.TLS_CERT_FILE && !read.TLS_KEY_FILE) report('TLS_KEY_FILE', 'is required with TLS_CERT_FILE');
  if (read.TLS_KEY_FILE && !read.TLS_CERT_FILE) report('TLS_CERT_FILE', 'is required with TLS_KEY_FILE');
  for (const name of ['REGATTA_LISTEN', 'REGATTA_HTTP_LISTEN'] as const) {
    if (read[name].length === 0) report(name, 'must name at least one address');
  }
  for (const region of regions) {
    if (read.REGATTA_BUCKETS && !read.REGATTA_BUCKETS[region]) report('REGATTA_BUCKETS', `has no bucket for ${region}`);
  }
  for (const name of ['REGATTA_DATA_HTTPS_PORT', 'REGATTA_DATA_HTTP_PORT'] as const) {
    const ports = read[name];
    if (ports && ![1, regions.length].includes(ports.length)) {
      report(name, `must be one port, or ${regions.length}: one for each of ${regions.join(', ')}`);
      return;
    }
  }
  const first = new Map<number, string>();
  for (const { port, setting } of portSettings(workOut(read))) {
    const other = first.get(port);
    if (port > 65_535) report(setting, `leads to port ${port}; ports end at 65535`);
    if (other) report(setting, `leads to port ${port}, which ${other === setting ? 'it' : other} already uses`);
    first.set(port, setting);
  }
}

function workOut(read: Settings): StandaloneConfig {
  const home = resolve(read.REGATTA_HOME);
  const regions = read.REGATTA_REGIONS.map((name, index) => ({
    name,
    https: portOf(read.REGATTA_DATA_HTTPS_PORT, index),
    http: read.REGATTA_DATA_HTTP_PORT && portOf(read.REGATTA_DATA_HTTP_PORT, index),
    dataOps: read.REGATTA_OPS_PORT + 1 + 2 * index,
    workerOps: read.REGATTA_OPS_PORT + 2 + 2 * index,
  }));
  const [https, http, ops] = [read.REGATTA_MANAGEMENT_HTTPS_PORT, read.REGATTA_MANAGEMENT_HTTP_PORT, read.REGATTA_OPS_PORT];
  return {
    home,
    databaseUrl: read.DATABASE_URL,
    databaseWaitSeconds: read.REGATTA_DATABASE_WAIT_SECONDS,
    redisUrl: read.REDIS_URL,
    secretKey: read.REGATTA_SECRET_KEY,
    listen: read.REGATTA_LISTEN,
    httpListen: read.REGATTA_HTTP_LISTEN,
    opsListen: read.REGATTA_OPS_LISTEN,
    trustedProxies: read.REGATTA_TRUSTED_PROXIES,
    proxyHeaders: read.REGATTA_PROXY_HEADERS,
    management: { https, http, ops, url: read.REGATTA_MANAGEMENT_URL ?? `https://localhost:${https}` },
    regions,
    loginServerSuffix: read.REGATTA_LOGIN_SERVER_SUFFIX ?? `localhost:${regions[0]!.https}`,
    buckets: read.REGATTA_BUCKETS ?? Object.fromEntries(regions.map(({ name }) => [name, pathToFileURL(`${home}/buckets/${name}`).href])),
    drainSeconds: read.REGATTA_DRAIN_SECONDS,
    certificate:
      read.TLS_CERT_FILE && read.TLS_KEY_FILE ? { certFile: resolve(read.TLS_CERT_FILE), keyFile: resolve(read.TLS_KEY_FILE) } : undefined,
    logLevel: read.LOG_LEVEL,
  };
}

/** The port of the n-th region: its own where each is named, else counted from the first. */
function portOf(ports: readonly number[], index: number): number {
  return ports[index] ?? ports[0]! + index;
}
