import { fileURLToPath } from 'node:url';
import type { RegionPlan, StandaloneConfig } from '../config.js';
import type { TlsFiles } from '../tls/certificates.js';

/** One process of the service: what it runs, with which environment. */
export interface ProcessPlan {
  /** As people say it, and the name of its log: `data-plane-eastus`. */
  name: string;
  /** The compiled program. */
  program: string;
  environment: Record<string, string>;
  /** Listens for clients, so it must start anew when the certificate changes. */
  listens: boolean;
}

/** What the processes are given besides the settings. */
export interface Installation {
  config: StandaloneConfig;
  databaseUrl: string;
  secretKey: string;
  tls: TlsFiles;
}

/** Every process of the service, in the order they are started: the same programs, with the same settings, as in production. */
export function planProcesses(installation: Installation): ProcessPlan[] {
  const { config } = installation;
  return [
    managementApi(installation),
    ...config.regions.map((region) => dataPlane(installation, region)),
    ...config.regions.map((region) => worker(installation, region)),
  ];
}

function managementApi(installation: Installation): ProcessPlan {
  const { https, http, ops } = installation.config.management;
  return {
    name: 'management-api',
    program: programOf('management-api'),
    environment: { ...common(installation), ...listeners(installation, https, http), OPS_PORT: String(ops) },
    listens: true,
  };
}

function dataPlane(installation: Installation, region: RegionPlan): ProcessPlan {
  return {
    name: `data-plane-${region.name}`,
    program: programOf('data-plane'),
    environment: {
      ...common(installation),
      ...listeners(installation, region.https, region.http),
      REGATTA_REGION: region.name,
      OPS_PORT: String(region.dataOps),
    },
    listens: true,
  };
}

function worker(installation: Installation, region: RegionPlan): ProcessPlan {
  return {
    name: `worker-${region.name}`,
    program: programOf('worker'),
    environment: { ...common(installation), REGATTA_REGION: region.name, OPS_PORT: String(region.workerOps) },
    listens: false,
  };
}

function common({ config, databaseUrl, secretKey }: Installation): Record<string, string> {
  return {
    REGATTA_HOME: config.home,
    DATABASE_URL: databaseUrl,
    ...(config.redisUrl && { REDIS_URL: config.redisUrl }),
    REGATTA_SECRET_KEY: secretKey,
    REGATTA_REGIONS: config.regions.map(({ name }) => name).join(','),
    REGATTA_LOGIN_SERVER_SUFFIX: config.loginServerSuffix,
    REGATTA_MANAGEMENT_URL: config.management.url,
    REGATTA_BUCKETS: JSON.stringify(config.buckets),
    REGATTA_OPS_LISTEN: config.opsListen.join(','),
    REGATTA_DRAIN_SECONDS: String(config.drainSeconds),
    REGATTA_TRUSTED_PROXIES: config.trustedProxies.join(','),
    REGATTA_PROXY_HEADERS: config.proxyHeaders,
    LOG_LEVEL: config.logLevel,
  };
}

function listeners({ config, tls }: Installation, https: number, http: number | null): Record<string, string> {
  return {
    REGATTA_LISTEN: config.listen.join(','),
    HTTPS_PORT: String(https),
    ...(http !== null && { HTTP_PORT: String(http), REGATTA_HTTP_LISTEN: config.httpListen.join(',') }),
    TLS_CERT_FILE: tls.certFile,
    TLS_KEY_FILE: tls.keyFile,
    ...(config.certificate === undefined && {
      TLS_CA_FILE: tls.caFile,
      TLS_CA_KEY_FILE: tls.caKeyFile,
      TLS_CA_SUFFIX: config.loginServerSuffix.replace(/:\d+$/, ''),
    }),
  };
}

/** This file lies in dist/apps/standalone/src/processes. */
function programOf(app: string): string {
  return fileURLToPath(new URL(`../../../${app}/src/main.js`, import.meta.url));
}
