import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { type KeyPairPem, LocalCa } from './local-ca.js';

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const certificateDays = 30;
const rememberedMs = 24 * 3600 * 1000;

/**
 * Answers TLS connections with a certificate for exactly the name the client asked for, issued at that moment by a local
 * authority. Clients refuse `*.localhost` (a wildcard directly below a top-level name), so a wildcard is not enough there.
 */
export class NameCertificates {
  readonly #contexts = new LRUCache<string, Promise<SecureContext>>({ max: 1_000, ttl: rememberedMs });
  readonly #ca: Promise<LocalCa>;

  /** @param suffix names below this host are served, such as `localhost`; any other gets the server's own certificate. */
  constructor(
    ca: KeyPairPem,
    private readonly suffix: string,
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

  #contextOf(host: string): Promise<SecureContext> {
    let context = this.#contexts.get(host);
    if (!context) {
      context = this.#make(host);
      context.catch(() => this.#contexts.delete(host));
      this.#contexts.set(host, context);
    }
    return context;
  }

  async #make(host: string): Promise<SecureContext> {
    const { cert, key } = await (await this.#ca).issue([host], certificateDays);
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  }
}
