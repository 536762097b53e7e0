import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { Broadcast, SecretBox } from '#lib/platform';
import { headerSegment, thumbprint, type PublicJwk } from './compact-jws.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** How long keys sign, how early their successor is published, how long what they signed may live. */
export interface RotationSchedule {
  signingSeconds: number;
  publishAheadSeconds: number;
  maxTokenSeconds: number;
}

/** A key as processes hold it: opened once, used for every token. */
export interface LoadedKey {
  kid: string;
  header: string;
  jwk: PublicJwk;
  privateKey: KeyObject;
  publicKey: KeyObject;
  activatesAt: number;
}

/** The channel on which a change of the keys is announced. */
export const signingKeysChannel = 'signing-keys-changed';

/** `identity.signing_keys`: the queries, and the one place where keys are made and removed. */
export class SigningKeysTable {
  readonly #data: DataSource;
  readonly #secrets: SecretBox;
  readonly #broadcast: Broadcast;

  constructor(data: DataSource, secrets: SecretBox, broadcast: Broadcast) {
    this.#data = data;
    this.#secrets = secrets;
    this.#broadcast = broadcast;
  }

  /** Every key, oldest first, opened. `known` keys are not opened again. */
  async load(known: ReadonlyMap<string, LoadedKey>): Promise<LoadedKey[]> {
    const rows = await this.#data.getRepository(SigningKeyEntity).find({ order: { activatesAt: 'ASC', kid: 'ASC' } });
    return rows.map((row) => {
      const before = known.get(row.kid);
      return before?.activatesAt === row.activatesAt.getTime() ? before : this.#open(row);
    });
  }

  /**
   * Brings the table to what the schedule wants at `now`: a key that signs, its successor in time, nothing that has served its
   * time. Any process may call it at any time; an advisory lock lets one do the work and the others find it done.
   */
  async keepSchedule(schedule: RotationSchedule, now: number): Promise<boolean> {
    return this.#locked(async (manager, rows) => {
      let changed = await this.#removeServed(manager, rows, schedule, now);
      const youngest = rows.at(-1);
      const active = rows.findLast((row) => row.activatesAt.getTime() <= now);
      if (!active) {
        await this.#insert(manager, now, now);
        changed = true;
      } else if (youngest === active && successorDue(active.activatesAt.getTime(), schedule, now)) {
        const planned = active.activatesAt.getTime() + schedule.signingSeconds * 1000;
        await this.#insert(manager, now, Math.max(planned, now + schedule.publishAheadSeconds * 1000));
        changed = true;
      }
      return changed;
    });
  }

  /** Makes a new key that signs from `activatesAt`; unless `keepOthers`, every other key is deleted: what they signed is void. */
  async replace(now: number, activatesAt: number, keepOthers: boolean): Promise<void> {
    await this.#locked(async (manager, rows) => {
      const planned = rows.filter((row) => row.activatesAt.getTime() > now);
      for (const row of keepOthers ? planned : rows) await manager.delete(SigningKeyEntity, { kid: row.kid });
      await this.#insert(manager, now, activatesAt);
      return true;
    });
  }

  async #locked(change: (manager: EntityManager, rows: SigningKeyEntity[]) => Promise<boolean>): Promise<boolean> {
    return this.#data.transaction(async (manager) => {
      await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('identity.signing_keys', 0))`);
      const rows = await manager.find(SigningKeyEntity, { order: { activatesAt: 'ASC', kid: 'ASC' } });
      const changed = await change(manager, rows);
      if (changed) await this.#broadcast.publish(manager, signingKeysChannel, '');
      return changed;
    });
  }

  /** Deletes keys whose successor has signed for so long that no token of theirs can still be alive. */
  async #removeServed(manager: EntityManager, rows: SigningKeyEntity[], schedule: RotationSchedule, now: number): Promise<boolean> {
    const horizon = now - schedule.maxTokenSeconds * 1000 - clockMarginMs;
    const keptFrom = rows.findLastIndex((row) => row.activatesAt.getTime() <= horizon);
    const served = rows.splice(0, Math.max(keptFrom, 0));
    for (const row of served) await manager.delete(SigningKeyEntity, { kid: row.kid });
    return served.length > 0;
  }

  async #insert(manager: EntityManager, now: number, activatesAt: number): Promise<void> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x, y } = publicKey.export({ format: 'jwk' });
    if (!x || !y) throw new Error('node:crypto exported a P-256 key without coordinates.');
    const kid = thumbprint({ crv: 'P-256', x, y });
    await manager.insert(SigningKeyEntity, {
      kid,
      sealedPrivateKey: this.#secrets.seal(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
      publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' },
      createdAt: new Date(now),
      activatesAt: new Date(activatesAt),
    });
  }

  #unsealed({ kid, sealedPrivateKey }: SigningKeyEntity): string {
    try {
      return this.#secrets.open(sealedPrivateKey);
    } catch (cause) {
      throw new Error(
        `Signing key ${kid} cannot be opened: REGATTA_SECRET_KEY is not the one it was sealed with, or its row was changed.`,
        {
          cause,
        },
      );
    }
  }

  /** The public key is derived from the sealed private key: whoever can only write the `public_jwk` column cannot forge tokens. */
  #open(row: SigningKeyEntity): LoadedKey {
    const privateKey = createPrivateKey(this.#unsealed(row));
    const publicKey = createPublicKey(privateKey);
    const { x, y } = publicKey.export({ format: 'jwk' });
    if (!x || !y || thumbprint({ crv: 'P-256', x, y }) !== row.kid) throw new Error(`Signing key ${row.kid} is not the key its row says.`);
    return {
      kid: row.kid,
      header: headerSegment(row.kid),
      jwk: { kty: 'EC', crv: 'P-256', x, y, kid: row.kid, use: 'sig', alg: 'ES256' },
      privateKey,
      publicKey,
      activatesAt: row.activatesAt.getTime(),
    };
  }
}

/** Clocks of machines differ; a key is kept this much longer than arithmetic alone would ask. */
const clockMarginMs = 5 * 60_000;

/** Whether it is time to publish the successor of the key that signs since `activatedAt`. */
export function successorDue(activatedAt: number, schedule: RotationSchedule, now: number): boolean {
  return now >= activatedAt + (schedule.signingSeconds - schedule.publishAheadSeconds) * 1000;
}
