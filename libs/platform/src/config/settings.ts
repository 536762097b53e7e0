import { z } from 'zod';
import { TrustedProxies } from '../http/trusted-proxies.js';

/** A TCP port from the environment. */
export const port = z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535);

/** A list such as `127.0.0.1,::1`. */
export const commaList = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);

/** `true`/`false`, `1`/`0`, `yes`/`no`. */
export const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], { error: 'must be true or false' })
  .transform((text) => text === 'true' || text === '1' || text === 'yes');

const postgresUrl = z.string({ error: 'is required: a URL such as postgres://user:password@host:5432/regatta' }).refine((text) => {
  return /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '');
}, 'must be a URL such as postgres://user:password@host:5432/regatta');

const redisUrl = z.string().refine((text) => /^rediss?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be a URL such as redis://host:6379');

/** 32 random bytes have about 30 different values; with fewer than this many, the key was typed or is a word repeated. */
const leastVariety = 16;

const secretKey = z.string({ error: 'is required: 32 random bytes in base64 (openssl rand -base64 32)' }).refine((text) => {
  const key = Buffer.from(text, 'base64');
  return key.length === 32 && new Set(key).size >= leastVariety;
}, 'must be 32 random bytes in base64 (openssl rand -base64 32)');

/** Region → URL of its bucket, as JSON. */
const buckets = z
  .string({ error: 'is required: JSON such as {"eastus":"file:///var/lib/regatta/eastus"}' })
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON such as {"eastus":"file:///var/lib/regatta/eastus"}' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.url({ error: 'every bucket must be a URL, such as file:///var/lib/regatta/eastus' })));

/** Addresses and ranges of proxies; a mistake is reported with the entry. */
const trustedProxies = commaList.default([]).superRefine((entries, context) => {
  for (const entry of entries) {
    try {
      new TrustedProxies([entry]);
    } catch {
      context.addIssue({ code: 'custom', message: `"${entry}" is neither an IP address nor a range such as 10.0.0.0/8` });
    }
  }
});

/** What every process of the service reads. An app's own schema extends this one. */
export const commonSettings = {
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl.optional(),
  REGATTA_SECRET_KEY: secretKey,
  REGATTA_REGIONS: commaList
    .default(['eastus', 'westeurope'])
    .pipe(z.array(z.string().regex(/^[a-z][a-z0-9]{1,39}$/, 'must be a list of region names such as eastus,westeurope')).min(1)),
  REGATTA_LOGIN_SERVER_SUFFIX: z
    .string()
    .regex(
      /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/,
      'must be a host name in lower case, with a port if need be, such as registry.example.com',
    )
    .default('localhost:5443'),
  REGATTA_MANAGEMENT_URL: z
    .url({ protocol: /^https?$/, error: 'must be the http(s) URL under which clients reach the management API' })
    .transform((text) => text.replace(/\/+$/, ''))
    .default('https://localhost:8443'),
  OPS_PORT: port.optional(),
  REGATTA_OPS_LISTEN: commaList.default(['127.0.0.1']),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
} as const;

/** What a process with listeners of its own reads besides. */
export const listenSettings = {
  REGATTA_LISTEN: commaList.default(['127.0.0.1', '::1']),
  /** Addresses of plain HTTP alone; absent: those of REGATTA_LISTEN. */
  REGATTA_HTTP_LISTEN: commaList.optional(),
  HTTP_PORT: port.optional(),
  HTTPS_PORT: port.optional(),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  /** A local authority (certificate and key) that issues a certificate for each name below TLS_CA_SUFFIX; for one machine only. */
  TLS_CA_FILE: z.string().optional(),
  TLS_CA_KEY_FILE: z.string().optional(),
  TLS_CA_SUFFIX: z.string().default('localhost'),
  /** Connections a process has open at once, over all its listeners. */
  REGATTA_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  /** Memory for request bodies under way, in MiB. What does not fit stays unread. */
  REGATTA_BODY_MEMORY_MIB: z.coerce.number().int().min(1).max(65_536).default(128),
  /** Proxies whose word about the client's address, host and scheme is believed; none unless told. */
  REGATTA_TRUSTED_PROXIES: trustedProxies,
  /** Which headers those proxies set. */
  REGATTA_PROXY_HEADERS: z.enum(['x-forwarded', 'forwarded'], { error: 'must be x-forwarded or forwarded' }).default('x-forwarded'),
  REGATTA_DRAIN_SECONDS: z.coerce.number().int().min(0).max(3600).default(30),
} as const;

/** For `superRefine`: at least one listener, and a certificate for HTTPS. */
export function requireListener(config: z.infer<z.ZodObject<typeof listenSettings>>, context: z.core.$RefinementCtx): void {
  const mistake = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
  if (config.HTTP_PORT === undefined && config.HTTPS_PORT === undefined) mistake('HTTPS_PORT', 'HTTPS_PORT or HTTP_PORT must be set');
  if (config.HTTPS_PORT !== undefined && !config.TLS_CERT_FILE) mistake('TLS_CERT_FILE', 'is required with HTTPS_PORT');
  if (config.HTTPS_PORT !== undefined && !config.TLS_KEY_FILE) mistake('TLS_KEY_FILE', 'is required with HTTPS_PORT');
  if (!config.TLS_CA_FILE !== !config.TLS_CA_KEY_FILE) mistake('TLS_CA_FILE', 'and TLS_CA_KEY_FILE go together');
}

/** What a process that changes content reads besides. */
export const bucketSettings = {
  REGATTA_BUCKETS: buckets,
  /** Uploads leave so much of the disk of a bucket free, in MiB. */
  REGATTA_BUCKET_RESERVE_MIB: z.coerce.number().int().min(0).default(512),
  /** Bytes that nothing needs are freed so long after they were let go: the grace of pushes under way. */
  REGATTA_COLLECT_AFTER_SECONDS: z.coerce.number().int().min(1).default(3_600),
} as const;
