import { LRUCache } from 'lru-cache';
import type { ClientSecretEntity } from './client-secret.entity.js';
import { CredentialMemory, type CredentialMemoryOptions, type KnownCredentials } from './known-credentials.js';
import type { PrincipalEntity } from './principal.entity.js';
import { ScryptQueue } from './scrypt-queue.js';
import { digestOfSecret, hashesMatch } from './secret-hash.js';

const maxSecretLength = 512;
/** How old remembered credentials may be for a client that has failed too often. */
const freshEnoughMs = 1_000;

/** Finds out which secret of a principal a text is. The same work whether the principal exists, and however many secrets it has. */
export class SecretMatcher {
  readonly #known: CredentialMemory;
  readonly #scrypt = new ScryptQueue();
  readonly #slowChecks = new Map<string, Promise<ClientSecretEntity | undefined>>();
  /** Secrets with a slow hash that were right once in this process, by id: their fast hash. A secret never changes. */
  readonly #proven = new LRUCache<string, Buffer>({ max: 10_000 });

  constructor(options: CredentialMemoryOptions) {
    this.#known = new CredentialMemory(options);
  }

  /** Forgets what is remembered of a client id: it changed. */
  forget(clientId: string): void {
    this.#known.forget(clientId);
  }

  /** Forgets everything: changes may have been missed. */
  clear(): void {
    this.#known.clear();
  }

  /**
   * The principal of a client id, and which of its secrets this is. Before a secret is called wrong, the credentials are read again: it may
   * be younger than what is remembered. `restrained`: a client that has failed too often does not cause a read or a scrypt for each attempt.
   */
  async match(
    clientId: string,
    secret: string,
    restrained: boolean,
  ): Promise<{ principal: PrincipalEntity | null; match: ClientSecretEntity | undefined }> {
    const [askedAt, digest] = [performance.now(), digestOfSecret(secret)];
    let known = await this.#known.of(clientId);
    let match = this.#fastMatch(known, digest);
    const right = match !== undefined && known.principal?.enabled === true;
    if (!right && known.askedAt < askedAt - (restrained ? freshEnoughMs : 0)) {
      known = await this.#known.read(clientId);
      match = this.#fastMatch(known, digest);
    }
    if (!match && !restrained) match = await this.#slowMatch(known, secret, digest);
    return { principal: known.principal, match };
  }

  #fastMatch({ secrets }: KnownCredentials, digest: Buffer): ClientSecretEntity | undefined {
    return matching(secrets, digest, ({ id, hashKind, hash }) => (hashKind === 'sha256' ? hash : this.#proven.get(id)));
  }

  /** The same for secrets that have a slow hash: one scrypt, however many there are and however many ask for the same at once. */
  #slowMatch(known: KnownCredentials, secret: string, digest: Buffer): Promise<ClientSecretEntity | undefined> {
    const { principal, secrets } = known;
    if (!principal || !isPlain(secret) || !secrets.some(({ hashKind }) => hashKind === 'scrypt')) return Promise.resolve(undefined);
    const name = `${principal.id}|${digest.toString('base64url')}`;
    const underWay = this.#slowChecks.get(name);
    if (underWay) return underWay;
    const check = this.#scrypt
      .hash(secret, principal.secretSalt)
      .then((hash) => {
        const match = matching(secrets, hash, (secret) => (secret.hashKind === 'scrypt' ? secret.hash : undefined));
        if (match) this.#proven.set(match.id, digest);
        return match;
      })
      .finally(() => this.#slowChecks.delete(name));
    this.#slowChecks.set(name, check);
    return check;
  }
}

function matching(
  secrets: readonly ClientSecretEntity[],
  hash: Buffer,
  hashOf: (secret: ClientSecretEntity) => Buffer | undefined,
): ClientSecretEntity | undefined {
  let match: ClientSecretEntity | undefined;
  // No early end: how long this takes says nothing about which secret came close.
  for (const candidate of secrets) if (hashesMatch(hashOf(candidate) ?? Buffer.alloc(0), hash)) match = candidate;
  return match;
}

/** scrypt begins with HMAC, which takes a secret and the same secret followed by NULs for one: such a text is never right. */
function isPlain(secret: string): boolean {
  return secret.length <= maxSecretLength && !secret.includes('\0');
}
