import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Broadcast, SecretBox } from '#lib/platform';
import { testDatabase } from '#lib/testkit';
import { KeyRing, type KeyRingOptions } from './key-ring.js';
import { VerifiedTokens } from './verified-tokens.js';

const day = 86_400_000;
const claims = { iss: 'https://issuer', sub: 'somebody', aud: 'https://audience' };

let db: Awaited<ReturnType<typeof testDatabase>>;
let secrets: SecretBox;
const open: { close(): Promise<void> }[] = [];
let clock: number;

beforeAll(async () => {
  db = await testDatabase();
  secrets = new SecretBox(Buffer.alloc(32, 7).toString('base64'));
});
beforeEach(async () => {
  await db.dataSource.query('DELETE FROM identity.signing_keys');
  clock = Date.now();
});
afterEach(async () => {
  // A ring that lives on would rotate by this test's clock in the next test's table.
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => db.drop());

/** A ring as another process has it: its own connection for announcements, its own memory. */
async function ring(options: Partial<KeyRingOptions> = {}): Promise<KeyRing> {
  const broadcast = new Broadcast({ url: db.url, applicationName: 'key-ring-spec' });
  const made = new KeyRing({ dataSource: db.dataSource, secrets, broadcast, now: () => clock, refreshSeconds: 3600, ...options });
  open.push(broadcast, made);
  await made.start();
  return made;
}

/** Until it holds. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000 });

const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid as string;

describe('the key ring', () => {
  it('makes one key when many processes start at once on an empty database', async () => {
    const rings = await Promise.all(Array.from({ length: 5 }, () => ring()));
    expect(await db.dataSource.query('SELECT kid FROM identity.signing_keys')).toHaveLength(1);
    const token = rings[0]!.sign(claims, { expiresInSeconds: 60 });
    for (const other of rings) expect(other.verify(token, { audience: claims.aud, issuer: claims.iss })).toMatchObject(claims);
  });

  it('keeps private keys sealed in the database', async () => {
    await ring();
    const [row] = await db.dataSource.query('SELECT * FROM identity.signing_keys');
    expect(JSON.stringify(row)).not.toMatch(/PRIVATE KEY|"d"/);
    expect(secrets.open(row.sealed_private_key)).toMatch(/BEGIN PRIVATE KEY/);
  });

  it('does not believe a row whose private key was sealed elsewhere', async () => {
    await ring();
    const [row] = await db.dataSource.query('SELECT * FROM identity.signing_keys');
    await db.dataSource.query('UPDATE identity.signing_keys SET sealed_private_key = $1', [`${row.sealed_private_key.slice(0, -4)}AAAA`]);
    await expect(ring()).rejects.toThrow(/REGATTA_SECRET_KEY is not the one it was sealed with/);
  });

  it('publishes the next key a day before it signs, and keeps verifying what the one before it signed', async () => {
    const ours = await ring();
    const theirs = await ring();
    const first = ours.sign(claims, { expiresInSeconds: 86_400 });
    clock += 29 * day;
    await ours.refresh();
    expect(ours.jwks().keys).toHaveLength(2);
    expect(kidOf(ours.sign(claims, { expiresInSeconds: 60 }))).toBe(kidOf(first));
    await eventually(() => expect(theirs.jwks().keys).toHaveLength(2));

    clock += day - 1000;
    const late = theirs.sign(claims, { expiresInSeconds: 86_400 });
    expect(kidOf(late)).toBe(kidOf(first));
    clock += 2000;
    const second = theirs.sign(claims, { expiresInSeconds: 86_400 });
    expect(kidOf(second)).not.toBe(kidOf(first));
    expect(ours.verify(second)).toMatchObject(claims);
    expect(ours.verify(late)).toMatchObject(claims);
    expect(theirs.verify(late)).toMatchObject(claims);

    clock += 2 * day + 1000; // Everything the first key signed has expired: it goes.
    await ours.refresh();
    expect(ours.jwks().keys.map((key) => key.kid)).toEqual([kidOf(second)]);
    await eventually(() => expect(theirs.jwks().keys).toHaveLength(1));
  });

  it('rotates once when every process finds it due at the same moment', async () => {
    const rings = await Promise.all(Array.from({ length: 4 }, () => ring()));
    clock += 29 * day + 1000;
    await Promise.all(rings.map((one) => one.refresh()));
    expect(await db.dataSource.query('SELECT kid FROM identity.signing_keys')).toHaveLength(2);
  });

  it('goes on after everything was asleep for months', async () => {
    const ours = await ring();
    clock += 400 * day;
    await ours.refresh();
    const token = ours.sign(claims, { expiresInSeconds: 60 });
    expect(ours.verify(token)).toMatchObject(claims);
    expect(ours.jwks().keys).toHaveLength(2);
  });

  it('rotates at once on request, without breaking tokens in use', async () => {
    const ours = await ring();
    const theirs = await ring();
    const before = ours.sign(claims, { expiresInSeconds: 3600 });
    await ours.rotate();
    await eventually(() => expect(theirs.jwks().keys).toHaveLength(2));
    clock += 2 * 3600 * 1000 - 1;
    expect(kidOf(ours.sign(claims, { expiresInSeconds: 60 }))).toBe(kidOf(before));
    clock += 2;
    expect(kidOf(theirs.sign(claims, { expiresInSeconds: 60 }))).not.toBe(kidOf(before));
  });

  it('voids everything signed with a leaked key in every process, remembered or not', async () => {
    const ours = await ring();
    const theirs = await ring();
    const remembered = new VerifiedTokens({
      epochOf: theirs,
      now: () => clock,
      verify: (token) => ({ value: theirs.verify(token).sub, exp: theirs.verify(token).exp }),
    });
    const stolen = ours.sign(claims, { expiresInSeconds: 3600 });
    expect(remembered.get(stolen)).toBe('somebody');
    await ours.rotate({ revoke: true });
    expect(() => ours.verify(stolen)).toThrow(/key this service does not have/);
    await eventually(() => expect(() => remembered.get(stolen)).toThrow(/key this service does not have/));
    expect(theirs.verify(ours.sign(claims, { expiresInSeconds: 60 }))).toMatchObject(claims);
  });

  it('makes a new key after an operator has deleted all, and voids what was signed before', async () => {
    const ours = await ring();
    const before = ours.sign(claims, { expiresInSeconds: 3600 });
    await db.dataSource.query('DELETE FROM identity.signing_keys');
    await ours.refresh();
    expect(() => ours.verify(before)).toThrow(/does not have/);
    expect(ours.verify(ours.sign(claims, { expiresInSeconds: 60 }))).toMatchObject(claims);
  });

  it('looks again when it meets a token of a key it has not heard of', async () => {
    const deaf = await ring({ broadcast: new SilentBroadcast({ url: db.url, applicationName: 'deaf' }) });
    const ours = await ring();
    await ours.rotate({ revoke: true });
    const token = ours.sign(claims, { expiresInSeconds: 60 });
    expect(() => deaf.verify(token)).toThrow(/does not have/);
    await eventually(() => expect(deaf.verify(token)).toMatchObject(claims));
  });

  it('goes on with the keys it has while the database is away', async () => {
    const ours = await ring();
    await db.dataSource.query('ALTER TABLE identity.signing_keys RENAME TO signing_keys_away');
    try {
      await expect(ours.refresh()).rejects.toThrow();
      expect(ours.verify(ours.sign(claims, { expiresInSeconds: 60 }))).toMatchObject(claims);
    } finally {
      await db.dataSource.query('ALTER TABLE identity.signing_keys_away RENAME TO signing_keys');
    }
  });

  it('grants no life longer than keys are kept', async () => {
    const ours = await ring();
    for (const life of [0, -1, 1.5, 86_401, Number.NaN]) expect(() => ours.sign(claims, { expiresInSeconds: life })).toThrow(RangeError);
  });
});

/** The announcements of a process that hears none: its connection is blocked, so only age and need refresh its keys. */
class SilentBroadcast extends Broadcast {
  override subscribe(): Promise<() => void> {
    return Promise.resolve(() => undefined);
  }
}
