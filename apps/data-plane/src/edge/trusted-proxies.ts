import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { AddressRanges } from './address-ranges.js';

/**
 * Addresses whose `X-Forwarded-*` headers are believed. Nobody's are unless the operator says so: a client could otherwise choose
 * the host that realms and redirects point to.
 */
export class TrustedProxies {
  readonly #addresses: AddressRanges;

  /** @param entries addresses and CIDR ranges; a mistake throws with the entry's name. */
  constructor(entries: readonly string[]) {
    this.#addresses = new AddressRanges(entries);
  }

  trusts(address: string | undefined): boolean {
    return address !== undefined && this.#addresses.has(address);
  }

  /** The nearest address in `X-Forwarded-For` that is no trusted proxy itself; what stands before it could be made up. */
  clientAddress(request: IncomingMessage): string {
    const peer = request.socket.remoteAddress ?? '';
    if (!this.trusts(peer)) return peer;
    const hops = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const seen = hops.map((hop) => hop.trim()).filter((hop) => isIP(hop) !== 0);
    return seen.findLast((hop) => !this.trusts(hop)) ?? peer;
  }
}
