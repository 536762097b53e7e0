import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { compile } from '@fastify/proxy-addr';
import parseForwarded from 'forwarded-parse';
import ipaddr from 'ipaddr.js';

/** Where a request comes from and how the client addressed us. */
export interface RequestOrigin {
  /** The address of the client. */
  address: string;
  /** What the client wrote as host, port included; empty if it named none. */
  host: string;
  secure: boolean;
}

/** Which headers the trusted proxies set: `X-Forwarded-For`, `-Host` and `-Proto`, or `Forwarded` (RFC 7239). Never both: a proxy that
 * sets one passes on what a client writes into the other. */
export type ProxyHeaders = 'x-forwarded' | 'forwarded';

/** What one proxy said of the request it passed on. */
interface Hop {
  address?: string | undefined;
  host?: string | undefined;
  scheme?: string | undefined;
}

/**
 * Proxies whose headers about the client are believed: none unless the operator names them. A client could otherwise choose its
 * address, and the host that realms, redirects and links point to.
 */
export class TrustedProxies {
  readonly #trusts: ((address: string, hop: number) => boolean) | undefined;
  readonly #headers: ProxyHeaders;

  /** @param entries addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`. @throws Error that names the mistake. */
  constructor(entries: readonly string[], headers: ProxyHeaders = 'x-forwarded') {
    this.#trusts = entries.length === 0 ? undefined : compile([...entries]);
    this.#headers = headers;
  }

  /**
   * The nearest address that is not a trusted proxy, and host and scheme as the outermost trusted proxy saw them. What stands before
   * that proxy's entry in a header came from the client.
   */
  read(request: IncomingMessage): RequestOrigin {
    const peer = plainAddress(request.socket.remoteAddress ?? '');
    const host = request.headers.host ?? '';
    const secure = (request.socket as TLSSocket).encrypted === true;
    if (!this.#trusts?.(peer, 0)) return { address: peer, host, secure };
    const hops = this.#headers === 'forwarded' ? forwardedHops(request) : xForwardedHops(request);
    let address = peer;
    let said: Hop = {};
    for (const [distance, hop] of hops.toReversed().entries()) {
      said = { ...said, ...defined(hop) };
      if (hop.address === undefined) break;
      address = hop.address;
      if (!this.#trusts(address, distance + 1)) break;
    }
    return { address, host: said.host ?? host, secure: said.scheme === undefined ? secure : said.scheme === 'https' };
  }
}

/** What failures are counted by: an IPv4 address, or the /64 of an IPv6 one, in which a single client may use every address. */
export function addressGroup(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${plain.replace(/%.*$/, '')}/64`).toString()}/64`;
}

/** The address itself; of an IPv4 address written as IPv6 (`::ffff:1.2.3.4`) the IPv4 address. */
function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
}

/** One hop for each address in `X-Forwarded-For`. Hosts and schemes are matched from the right: a proxy that replaces them says one. */
function xForwardedHops({ headers }: IncomingMessage): Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const [hosts, schemes] = [listOf(headers['x-forwarded-host']), listOf(headers['x-forwarded-proto'])];
  const length = Math.max(addresses.length, hosts.length, schemes.length);
  const fromRight = (list: string[], index: number) => list[list.length - length + index];
  return Array.from({ length }, (_, index) => ({
    address: addressOf(fromRight(addresses, index)),
    host: fromRight(hosts, index),
    scheme: schemeOf(fromRight(schemes, index)),
  }));
}

function forwardedHops({ headers }: IncomingMessage): Hop[] {
  try {
    return parseForwarded(headers.forwarded ?? '').map((hop) => ({
      address: addressOf(hop['for']),
      host: hop['host'],
      scheme: schemeOf(hop['proto']),
    }));
  } catch {
    return [];
  }
}

function listOf(header: string | string[] | undefined): string[] {
  const entries = [header ?? []].flat().join(',').split(',');
  return entries.map((entry) => entry.trim()).filter(Boolean);
}

/** The address of an entry, which may carry a port (`1.2.3.4:5`, `[::1]:5`); undefined for `unknown` and made-up names. */
function addressOf(entry: string | undefined): string | undefined {
  const [, bracketed, v4] = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(entry ?? '') ?? [];
  const address = bracketed ?? v4 ?? entry ?? '';
  return isIP(address) === 0 ? undefined : plainAddress(address);
}

function schemeOf(entry: string | undefined): string | undefined {
  const scheme = entry?.toLowerCase();
  return scheme === 'https' || scheme === 'http' ? scheme : undefined;
}

function defined(hop: Hop): Hop {
  return Object.fromEntries(Object.entries(hop).filter(([, value]) => value !== undefined));
}
