import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Broadcast, SecretBox } from '#lib/platform';
import { checkClaims, type Claims, type Expected } from './claims.js';
import { type CompactJws, invalid, parseObject, readCompact, signatureHolds, signCompact, type PublicJwk } from './compact-jws.js';
import { SigningKeysTable, signingKeysChannel, successorDue, type LoadedKey, type RotationSchedule } from './signing-keys.table.js';

export interface KeyRingOptions {
  dataSource: DataSource;
  secrets: SecretBox;
  broadcast: Broadcast;
  /** Where the ring says that a refresh failed; it goes on with the keys it has. */
  log?: { warn(context: object, message: string): void };
  schedule?: Partial<RotationSchedule>;
  /** The age at which keys are read again although nobody announced a change. */
  refreshSeconds?: number;
  /** Milliseconds since 1970; tests turn the clock. */
  now?: () => number;
}

/** A key signs for 30 days, is published a day before it does, and no token outlives a day. */
const usualSchedule: RotationSchedule = { signingSeconds: 30 * 86_400, publishAheadSeconds: 86_400, maxTokenSeconds: 86_400 };
/** How soon a key made by `rotate` signs: by then every process has read it, announced or by age. */
const propagationFactor = 2;
/** A token with an unknown key may be newer than our keys: look again, but never more often than this. */
const unknownKeyRefreshMs = 5_000;

/**
 * The keys that sign and verify every token of the installation, shared by all processes through `identity.signing_keys`.
 * `sign` and `verify` work on memory alone; `start` loads the keys (making the first one if there is none), keeps them fresh by
 * announcement and by age, and rotates them on schedule. While Postgres is away the ring goes on with the keys it has.
 */
export class KeyRing {
  readonly #table: SigningKeysTable;
  readonly #broadcast: Broadcast;
  readonly #log: KeyRingOptions['log'];
  readonly #schedule: RotationSchedule;
  readonly #refreshMs: number;
  readonly #now: () => number;
  #keys: readonly LoadedKey[] = [];
  #byKid: ReadonlyMap<string, LoadedKey> = new Map();
  #epoch = 0;
  #askedAt = 0;
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(options: KeyRingOptions) {
    this.#table = new SigningKeysTable(options.dataSource, options.secrets, options.broadcast);
    this.#broadcast = options.broadcast;
    this.#log = options.log;
    this.#schedule = { ...usualSchedule, ...options.schedule };
    this.#refreshMs = (options.refreshSeconds ?? 30) * 1000;
    this.#now = options.now ?? Date.now;
  }

  /** Loads the keys and keeps them fresh. A second call changes nothing. */
  async start(): Promise<void> {
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#refreshQuietly(), this.#refreshMs).unref();
    this.#unsubscribe = await this.#broadcast.subscribe(signingKeysChannel, () => this.#refreshQuietly());
    this.#broadcast.onReconnect(() => this.#refreshQuietly());
    await this.refresh();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.#refreshing?.catch(() => undefined);
  }

  /** Grows whenever a key has gone: what was verified before is then no longer sure. `VerifiedTokens` forgets everything. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The longest life `sign` grants. */
  get maxTokenSeconds(): number {
    return this.#schedule.maxTokenSeconds;
  }

  /**
   * Signs a token that lives `expiresInSeconds`. `iat`, `nbf`, `exp` and a fresh `jti` are added.
   * @throws when no key is loaded or the life asked for is longer than keys are kept.
   */
  sign(claims: { iss: string; sub: string; aud: string; [claim: string]: unknown }, options: { expiresInSeconds: number }): string {
    const now = this.#now();
    const key = this.#keys.findLast((candidate) => candidate.activatesAt <= now);
    if (!key) throw new Error('No signing key is loaded: KeyRing.start() has not finished.');
    const life = options.expiresInSeconds;
    if (!Number.isSafeInteger(life) || life < 1 || life > this.#schedule.maxTokenSeconds) {
      throw new RangeError(`A token may live 1 to ${this.#schedule.maxTokenSeconds} seconds, not ${life}.`);
    }
    const iat = Math.floor(now / 1000);
    return signCompact(key.header, { jti: randomUUID(), ...claims, iat, nbf: iat, exp: iat + life }, key.privateKey);
  }

  /**
   * The claims of a token that one of our keys signed and that holds now. Synchronous, without I/O.
   * @throws Fault `InvalidToken` for everything else; the message names what is wrong, never the token.
   */
  verify(token: string, expected: Expected = {}): Claims {
    const jws = readCompact(token);
    const key = this.#keyOf(jws);
    if (!signatureHolds(jws, key.publicKey)) throw invalid('The token signature does not hold.');
    return this.claimsOf(parseObject(jws.payload, 'payload'), expected);
  }

  /**
   * The public key a token says it is signed with, for verifiers that are not ours (passport-jwt); nothing is verified yet.
   * @throws Fault `InvalidToken` when the token is no plain ES256 token or names a key we do not have.
   */
  publicKeyFor(token: string): KeyObject {
    return this.#keyOf(readCompact(token)).publicKey;
  }

  /**
   * The claims of a token whose signature another verifier has checked with `publicKeyFor`.
   * @throws Fault `InvalidToken` when they are not those of a token of ours that holds now.
   */
  claimsOf(payload: Record<string, unknown>, expected: Expected = {}): Claims {
    return checkClaims(payload, expected, Math.floor(this.#now() / 1000));
  }

  /** What others need to verify our tokens (RFC 7517): the keys that will sign, sign, and have signed. */
  jwks(): { keys: PublicJwk[] } {
    return { keys: this.#keys.map((key) => key.jwk) };
  }

  /**
   * Rotates now, outside the schedule. Normally the new key first spreads to all processes and what the old ones signed stays
   * valid. With `revoke`, for keys that have leaked: the new key signs at once and everything signed before is void at once.
   */
  async rotate(options: { revoke?: boolean } = {}): Promise<void> {
    const now = this.#now();
    const revoke = options.revoke === true;
    await this.#table.replace(now, revoke ? now : now + this.#refreshMs * propagationFactor, !revoke);
    await this.refresh();
  }

  /** Reads the keys again, and rotates if the schedule says so. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#load().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #load(): Promise<void> {
    this.#take(await this.#table.load(this.#byKid));
    const now = this.#now();
    const active = this.#keys.findLast((key) => key.activatesAt <= now);
    const due = !active || (this.#keys.at(-1) === active && successorDue(active.activatesAt, this.#schedule, now));
    if (due || this.#someServed(now)) {
      await this.#table.keepSchedule(this.#schedule, now);
      this.#take(await this.#table.load(this.#byKid));
    }
  }

  #keyOf(jws: CompactJws): LoadedKey {
    const key = this.#byKid.get(jws.kid);
    if (key) return key;
    this.#lookAgain();
    throw invalid('The token is signed with a key this service does not have.');
  }

  #someServed(now: number): boolean {
    const second = this.#keys[1];
    return second !== undefined && second.activatesAt <= now - 2 * this.#schedule.maxTokenSeconds * 1000;
  }

  #take(keys: LoadedKey[]): void {
    const byKid = new Map(keys.map((key) => [key.kid, key]));
    const gone = this.#keys.some((key) => !byKid.has(key.kid));
    this.#keys = keys;
    this.#byKid = byKid;
    if (gone) this.#epoch += 1;
  }

  #lookAgain(): void {
    const now = this.#now();
    if (!this.#timer || now - this.#askedAt < unknownKeyRefreshMs) return;
    this.#askedAt = now;
    this.#refreshQuietly();
  }

  #refreshQuietly(): void {
    this.refresh().catch((error: unknown) =>
      this.#log?.warn({ err: error }, 'The signing keys could not be read; going on with those known.'),
    );
  }
}
