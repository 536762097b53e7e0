import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { FastifyInstance } from 'fastify';
import { serveBodies } from '../bodies/serve-bodies.js';
import { UnreadBodies } from '../bodies/unread-bodies.js';
import { ConnectionLimit } from './connection-limit.js';
import { NameCertificates, type Serves } from '../tls/name-certificates.js';
import { continueOnRead } from './expectations.js';
import { answerPlainHttp } from './plain-http.js';
import { useOriginForm } from './request-target.js';
import { type Unreadable, UnreadableRequests } from './unreadable.js';

export interface HttpsSettings {
  port: number;
  certFile: string;
  keyFile: string;
  /** A local authority that issues a certificate for every served name below `suffix` that a client asks for. */
  local?: { caFile: string; caKeyFile: string; suffix: string } | undefined;
}

/** The part of a process's configuration that says how it listens. */
export interface ListenConfig {
  REGATTA_LISTEN: readonly string[];
  REGATTA_HTTP_LISTEN?: readonly string[] | undefined;
  HTTP_PORT?: number | undefined;
  HTTPS_PORT?: number | undefined;
  TLS_CERT_FILE?: string | undefined;
  TLS_KEY_FILE?: string | undefined;
  TLS_CA_FILE?: string | undefined;
  TLS_CA_KEY_FILE?: string | undefined;
  TLS_CA_SUFFIX: string;
  REGATTA_MAX_CONNECTIONS: number;
}

/** The listeners a process's configuration asks for. */
export function listenFrom(config: ListenConfig): ListenSettings {
  const {
    HTTP_PORT,
    HTTPS_PORT: port,
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
    TLS_CA_FILE: caFile,
    TLS_CA_KEY_FILE: caKeyFile,
  } = config;
  const local = caFile && caKeyFile ? { caFile, caKeyFile, suffix: config.TLS_CA_SUFFIX } : undefined;
  return {
    hosts: config.REGATTA_LISTEN,
    maxConnections: config.REGATTA_MAX_CONNECTIONS,
    http: HTTP_PORT === undefined ? undefined : { port: HTTP_PORT, hosts: config.REGATTA_HTTP_LISTEN },
    https: port === undefined || !certFile || !keyFile ? undefined : { port, certFile, keyFile, local },
  };
}

export interface ListenSettings {
  /** Addresses, such as `127.0.0.1` and `::1`. An IPv6 address that this machine does not have is passed over. */
  hosts: readonly string[];
  /** `hosts`: addresses of plain HTTP, where they are not those of HTTPS. */
  http?: { port: number; hosts?: readonly string[] | undefined } | undefined;
  https?: HttpsSettings | undefined;
  /** The host names that `https.local` issues certificates for; absent: none. */
  serves?: Serves;
  /** `http.Server` timeouts in milliseconds; a request body may take as long as it needs when `requestTimeout` is 0. */
  requestTimeout?: number;
  /** Connections of all listeners together; one more is closed as soon as it is made. */
  maxConnections?: number;
  /** How the process words the refusal of HTTP that cannot be read. */
  unreadable?: Unreadable;
}

/** Several servers in front of one Fastify instance. */
export class Listeners {
  constructor(private readonly servers: readonly (http.Server | https.Server)[]) {}

  /** The ports in use, in the order http, https; useful where port 0 was asked for. */
  get ports(): { http?: number; https?: number } {
    const ports: { http?: number; https?: number } = {};
    for (const server of this.servers) {
      const address = server.address();
      if (address && typeof address === 'object') ports[server instanceof https.Server ? 'https' : 'http'] ??= address.port;
    }
    return ports;
  }

  /** Takes no more connections, waits for the requests under way up to `seconds`, then cuts what is left. */
  async drain(seconds: number): Promise<void> {
    const timer = setTimeout(() => this.servers.forEach((server) => server.closeAllConnections()), seconds * 1_000);
    const idle = setInterval(() => this.servers.forEach((server) => server.closeIdleConnections()), 100);
    await Promise.all(
      this.servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeIdleConnections();
          }),
      ),
    );
    clearTimeout(timer);
    clearInterval(idle);
  }
}

/**
 * Opens every listener, or none: when one port is taken, the others are closed again.
 * @throws Error that names the address and port that could not be opened, and why.
 */
export async function listenOn(fastify: FastifyInstance, settings: ListenSettings): Promise<Listeners> {
  await fastify.ready();
  const unreadable = new UnreadableRequests(settings.unreadable ?? ((message) => ({ message })));
  const unread = new UnreadBodies();
  const handler: http.RequestListener = (request, response) => {
    if (!unreadable.begin(request, response)) return;
    useOriginForm(request);
    serveBodies(request, response, unread);
    fastify.routing(request, response);
  };
  const limit = new ConnectionLimit(settings.maxConnections ?? Number.POSITIVE_INFINITY);
  const servers: (http.Server | https.Server)[] = [];
  try {
    for (const make of plans(settings, handler)) {
      let port = make.port;
      for (const host of make.hosts) {
        const server = make.server();
        server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
          continueOnRead(request, response);
          handler(request, response);
        });
        if (server instanceof https.Server) answerPlainHttp(server);
        unreadable.watch(server);
        limit.watch(server);
        server.keepAliveTimeout = 75_000;
        server.headersTimeout = 60_000;
        server.requestTimeout = settings.requestTimeout ?? 300_000;
        if (!(await open(server, host, port))) continue;
        servers.push(server);
        const address = server.address();
        if (port === 0 && address && typeof address === 'object') port = address.port; // The same port on every address.
      }
    }
  } catch (error) {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    throw error;
  }
  if (servers.length === 0) throw new Error(`None of the addresses ${settings.hosts.join(', ')} could be listened on.`);
  return new Listeners(servers);
}

/** Node would refuse a request without a host before anything of ours sees it, without a word. */
const ownRefusals = { requireHostHeader: false };

interface ListenerPlan {
  port: number;
  hosts: readonly string[];
  server: () => http.Server | https.Server;
}

function plans(settings: ListenSettings, handler: http.RequestListener): ListenerPlan[] {
  const list: ListenerPlan[] = [];
  const { hosts } = settings;
  if (settings.http)
    list.push({
      port: settings.http.port,
      hosts: settings.http.hosts ?? hosts,
      server: () => http.createServer({ noDelay: true, ...ownRefusals }, handler),
    });
  if (settings.https) {
    const { certFile, keyFile, port, local } = settings.https;
    const options = {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      minVersion: 'TLSv1.2',
      noDelay: true,
      ...ownRefusals,
      handshakeTimeout: 20_000,
      ...byName(local, settings.serves),
    } as const;
    list.push({ port, hosts, server: () => https.createServer(options, handler) });
  }
  return list;
}

function byName(local: HttpsSettings['local'], serves: Serves | undefined): { SNICallback?: NameCertificates['callback'] } {
  if (!local || !serves) return {};
  const ca = { cert: readFileSync(local.caFile, 'utf8'), key: readFileSync(local.caKeyFile, 'utf8') };
  return { SNICallback: new NameCertificates(ca, local.suffix, serves).callback };
}

/** False when the machine has no such IPv6 address. */
function open(server: http.Server | https.Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (host.includes(':') && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')) return resolve(false);
      if (error.code === 'EADDRINUSE') return reject(new Error(`Port ${port} on ${host} is in use by another program.`, { cause: error }));
      if (error.code === 'EACCES') return reject(new Error(`This user may not listen on port ${port} of ${host}.`, { cause: error }));
      reject(new Error(`Cannot listen on port ${port} of ${host}: ${error.message}`, { cause: error }));
    });
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => resolve(true));
  });
}
