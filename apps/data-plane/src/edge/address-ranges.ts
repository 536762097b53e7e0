import { BlockList, isIP } from 'node:net';

/** A set of IP addresses, given as single ones and as CIDR ranges. */
export class AddressRanges {
  readonly #addresses = new BlockList();
  readonly #empty: boolean;

  /** @throws Error that names the entry that is neither. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
    this.#empty = entries.length === 0;
  }

  /** An IPv4 address in IPv6 clothing counts as what it is. */
  has(address: string): boolean {
    if (this.#empty) return false;
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    const family = isIP(plain);
    return family !== 0 && this.#addresses.check(plain, family === 4 ? 'ipv4' : 'ipv6');
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
