import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/**
 * Addresses whose `X-Forwarded-*` headers are believed. Nobody's are unless the operator says so: a client could otherwise choose
 * the host that realms and redirects point to.
 */
export class TrustedProxies {
  readonly #addresses = new BlockList();
  readonly #any: boolean;

  /** @param entries addresses and CIDR ranges; a mistake throws with the entry's name. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
    this.#any = entries.length > 0;
  }

  trusts(address: string | undefined): boolean {
    if (!this.#any || !address) return false;
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    const family = isIP(plain);
    return family !== 0 && this.#addresses.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  /** The nearest address in `X-Forwarded-For` that is no trusted proxy itself; what stands before it could be made up. */
  clientAddress(request: IncomingMessage): string {
    const peer = request.socket.remoteAddress ?? '';
    if (!this.trusts(peer)) return peer;
    const hops = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const seen = hops.map((hop) => hop.trim()).filter((hop) => isIP(hop) !== 0);
    return seen.findLast((hop) => !this.trusts(hop)) ?? peer;
  }

  #add(entry: string): void {
    const [address = '', bits, ...more] = entry.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || prefix < 0 || prefix > most || more.length > 0) {
      throw new Error(`"${entry}" is neither an IP address nor a range such as 10.0.0.0/8.`);
    }
    this.#addresses.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
}
