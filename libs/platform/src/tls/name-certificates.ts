import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { type KeyPairPem, LocalCa } from './local-ca.js';

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const certificateDays = 30;
const rememberedMs = 24 * 3600 * 1000;
/** How many names may wait for their certificate. */
export const longestQueue = 50;

/** True if something is served under this host name. */
export type Serves = (host: string) => Promise<boolean>;

/**
 * Answers TLS connections with a certificate for exactly the name the client asked for, issued at that moment by a local
 * authority. Clients refuse `*.localhost` (a wildcard directly below a top-level name), so a wildcard is not enough there.
 * Only names that are served get one, and they are made one after the other: handshakes with other names cost no keys.
 */
export class NameCertificates {
  readonly #contexts = new LRUCache<string, Promise<SecureContext>>({ max: 1_000, ttl: rememberedMs });
  readonly #ca: Promise<LocalCa>;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param suffix names below this host are served, such as `localhost`; any other gets the server's own certificate. */
  constructor(
    ca: KeyPairPem,
    private readonly suffix: string,
    private readonly serves: Serves,
  ) {
    this.#ca = LocalCa.open(ca);
    this.#ca.catch(() => {}); // Reported by whoever asks first.
  }

  /** For `https.createServer({ SNICallback })`. */
  readonly callback = (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const host = name.toLowerCase();
    if (!hostName.test(host) || !host.endsWith(`.${this.suffix}`)) return done(null);
    this.#contextOf(host).then(
      (context) => done(null, context),
      (error: Error) => done(error),
    );
  };

  /** Undefined: the server's own certificate. */
  async #contextOf(host: string): Promise<SecureContext | undefined> {
    const known = this.#contexts.get(host);
    if (known) return known;
    if (!(await this.serves(host).catch(() => false))) return undefined;
    return this.#contexts.get(host) ?? this.#queue(host);
  }

  #queue(host: string): Promise<SecureContext> | undefined {
    if (this.#waiting >= longestQueue) return undefined;
    this.#waiting += 1;
    const context = this.#last.then(() => this.#make(host));
    this.#last = context.catch(() => this.#contexts.delete(host)).finally(() => (this.#waiting -= 1));
    this.#contexts.set(host, context);
    return context;
  }

  async #make(host: string): Promise<SecureContext> {
    const { cert, key } = await (await this.#ca).issue([host], certificateDays);
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  }
}
