import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isFault } from '#lib/domain';
import { Broadcast, newLogger } from '#lib/platform';
import { testDatabase } from '#lib/testkit';
import { type FailureCount, PostgresFailureStore } from './failure-store.js';
import { Principals, type PrincipalsOptions } from './principals.js';
import { PrincipalsTable } from './principals.table.js';
import * as hashes from './secret-hash.js';

vi.mock('./secret-hash.js', async (load) => {
  const real = await load<typeof hashes>();
  return { ...real, hashSecret: vi.fn<typeof hashes.hashSecret>(real.hashSecret) };
});

const tenantId = randomUUID();
let db: Awaited<ReturnType<typeof testDatabase>>;
const open: { close(): Promise<void> }[] = [];
let clock = Date.now();

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(async () => {
  for (const one of open.reverse()) await one.close();
  await db.drop();
});

/** Principals as another process sees them. */
async function process(change: Partial<PrincipalsOptions> = {}): Promise<Principals> {
  const broadcast = new Broadcast({ url: db.url, applicationName: 'principals-spec' });
  const principals = new Principals({ dataSource: db.dataSource, broadcast, now: () => clock, ...change });
  open.push(broadcast, principals);
  await principals.start();
  return principals;
}

/** Until it holds. */
const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 30_000 });

describe('a service principal', () => {
  it('signs in with its secret and nothing else', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    expect(await principals.checkSecret(principal.clientId, secret, 'a')).toMatchObject({ id: principal.id, tenantId });
    expect(await principals.checkSecret(principal.clientId.toUpperCase(), secret, 'a')).toMatchObject({ id: principal.id });
    for (const wrong of ['', `${secret}x`, secret.slice(0, -1), secret.toUpperCase(), `${secret}\0`, 'x'.repeat(100_000)]) {
      expect(await principals.checkSecret(principal.clientId, wrong, 'b')).toBeNull();
    }
    expect(await principals.checkSecret(principal.id, secret, 'b')).toBeNull();
  });

  it('is not found under a name that is none', async () => {
    const principals = await process();
    for (const name of ['', 'admin', "' OR 1=1 --", randomUUID(), '00000000-0000-0000-0000-000000000000', 'x'.repeat(10_000), '\0']) {
      expect(await principals.checkSecret(name, 'secret', 'c')).toBeNull();
      expect(await principals.byId(name)).toBeNull();
      expect(await principals.byClientId(name)).toBeNull();
    }
  });

  it('keeps no secret, only its hash', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    const rows = await db.dataSource.query(
      'SELECT p.*, s.* FROM identity.principals p JOIN identity.client_secrets s ON s.principal_id = p.id',
    );
    expect(JSON.stringify(rows)).not.toContain(secret);
    const [row] = await db.dataSource.query('SELECT hash, hash_kind FROM identity.client_secrets WHERE principal_id = $1', [principal.id]);
    expect(row).toEqual({ hash: hashes.digestOfSecret(secret), hash_kind: 'sha256' });
  });

  it('rotates its secret without a gap: both work until the old one goes, then in no process', async () => {
    const here = await process();
    const there = await process();
    const { principal, secret, secretInfo } = await here.create({ tenantId, displayName: 'ci' });
    clock += 1;
    const second = await here.addSecret(principal.id, { displayName: 'second' });
    for (const one of [secret, second.secret]) expect(await there.checkSecret(principal.clientId, one, 'd')).not.toBeNull();
    expect((await here.secrets(principal.id)).map((info) => info.displayName)).toEqual(['first', 'second']);

    expect(await here.removeSecret(principal.id, secretInfo.id)).toBe(true);
    expect(await here.removeSecret(principal.id, secretInfo.id)).toBe(false);
    expect(await here.checkSecret(principal.clientId, secret, 'd')).toBeNull();
    await eventually(async () => expect(await there.checkSecret(principal.clientId, secret, `d${Math.random()}`)).toBeNull());
    expect(await there.checkSecret(principal.clientId, second.secret, 'd')).not.toBeNull();
  });

  it('cannot have the secret of another principal taken away', async () => {
    const principals = await process();
    const mine = await principals.create({ tenantId, displayName: 'mine' });
    const theirs = await principals.create({ tenantId, displayName: 'theirs' });
    expect(await principals.removeSecret(mine.principal.id, theirs.secretInfo.id)).toBe(false);
    expect(await principals.checkSecret(theirs.principal.clientId, theirs.secret, 'e')).not.toBeNull();
  });

  it('is told that its secret has expired, and so is nobody who does not know it', async () => {
    const principals = await process();
    const secretExpiresAt = new Date(clock + 10_000);
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci', secretExpiresAt });
    expect(await principals.check(principal.clientId, secret, 'f')).toMatchObject({ outcome: 'ok' });
    clock += 10_000; // Within the minute for which a right secret is remembered.
    expect(await principals.check(principal.clientId, secret, 'f')).toEqual({ outcome: 'expired' });
    expect(await principals.check(principal.clientId, 'wrong', 'f')).toEqual({ outcome: 'wrong' });
  });

  it('does not sign in while disabled, nor once removed, in any process', async () => {
    const here = await process();
    const there = await process();
    const { principal, secret } = await here.create({ tenantId, displayName: 'ci' });
    expect(await there.checkSecret(principal.clientId, secret, 'g')).not.toBeNull();
    await here.update(principal.id, { enabled: false });
    await eventually(async () => expect(await there.checkSecret(principal.clientId, secret, `g${Math.random()}`)).toBeNull());
    await here.update(principal.id, { enabled: true });
    expect(await there.checkSecret(principal.clientId, secret, 'h')).not.toBeNull();
    expect(await here.remove(principal.id)).toBe(true);
    expect(await here.remove(principal.id)).toBe(false);
    await eventually(async () => expect(await there.checkSecret(principal.clientId, secret, `h${Math.random()}`)).toBeNull());
  });
});

/** Gives a secret the hash that secrets had before kinds were told apart. */
async function asBefore(principalId: string, secret: string): Promise<void> {
  const [{ secret_salt: salt }] = await db.dataSource.query('SELECT secret_salt FROM identity.principals WHERE id = $1', [principalId]);
  const hash = await hashes.hashSecret(secret, salt);
  const columns = 'id, principal_id, display_name, hash, hint, created_at, expires_at';
  await db.dataSource.query('DELETE FROM identity.client_secrets WHERE principal_id = $1', [principalId]);
  await db.dataSource.query(
    `INSERT INTO identity.client_secrets (${columns}) VALUES ($1, $2, 'old', $3, 'abc', now(), now() + interval '1 year')`,
    [randomUUID(), principalId, hash],
  );
}

describe('somebody who guesses', () => {
  it('is told to wait after ten failures, and the right secret is accepted all the same', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    for (let i = 0; i < 10; i++) expect(await principals.checkSecret(principal.clientId, `guess-${i}`, '192.0.2.1')).toBeNull();
    const refusal: unknown = await principals.checkSecret(principal.clientId, 'guess', '192.0.2.1').catch((error: unknown) => error);
    expect(isFault(refusal, 'TooManyRequests')).toBe(true);
    expect(refusal).toMatchObject({ detail: { retryAfterSeconds: expect.any(Number) } });
    expect(await principals.checkSecret(principal.clientId, secret, '192.0.2.1')).not.toBeNull();
    expect(await principals.checkSecret(principal.clientId, 'guess', '192.0.2.2')).toBeNull();
    clock += 61_000;
    expect(await principals.checkSecret(principal.clientId, 'guess', '192.0.2.1')).toBeNull();
  });

  it('is one and the same in all of an IPv6 /64', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    for (let i = 0; i < 10; i++) expect(await principals.checkSecret(principal.clientId, 'guess', `2001:db8::${i}`)).toBeNull();
    await expect(principals.checkSecret(principal.clientId, 'guess', '2001:db8::ffff')).rejects.toMatchObject({ code: 'TooManyRequests' });
    expect(await principals.checkSecret(principal.clientId, secret, '2001:db8::ffff')).not.toBeNull();
    expect(await principals.checkSecret(principal.clientId, 'guess', '2001:db8:0:1::')).toBeNull();
  });

  it('is counted over all processes', async () => {
    /** Says when it has told a process of ten failures or more. */
    class Telling extends PostgresFailureStore {
      readonly toldOfTen = Promise.withResolvers<void>();

      override async add(counts: readonly FailureCount[]): Promise<FailureCount[]> {
        const known = await super.add(counts);
        if (known.some(({ failures }) => failures >= 10)) setImmediate(() => this.toldOfTen.resolve());
        return known;
      }
    }
    const stores = [new Telling(db.dataSource), new Telling(db.dataSource)] as const;
    const [here, there] = [await process({ failures: stores[0] }), await process({ failures: stores[1] })];
    const { principal, secret } = await here.create({ tenantId, displayName: 'ci' });
    const guess = (one: Principals) => one.check(principal.clientId, 'guess', '192.0.2.9').catch((error: unknown) => error);
    for (let i = 0; i < 10; i++) expect(await guess(here)).toEqual({ outcome: 'wrong' });
    await stores[0].toldOfTen.promise;
    // Its first failure makes the other process ask.
    expect(await guess(there)).toEqual({ outcome: 'wrong' });
    await stores[1].toldOfTen.promise;
    for (const one of [here, there]) expect(await guess(one)).toMatchObject({ code: 'TooManyRequests' });
    for (const one of [here, there]) expect(await one.checkSecret(principal.clientId, secret, '192.0.2.9')).not.toBeNull();
  });

  it('causes the same work whether the principal exists, and how many secrets it has', async () => {
    const principals = await process();
    const one = await principals.create({ tenantId, displayName: 'one secret' });
    const many = await principals.create({ tenantId, displayName: 'many secrets' });
    for (let i = 0; i < 8; i++) await principals.addSecret(many.principal.id, { displayName: `${i}` });
    const reads = vi.spyOn(PrincipalsTable.prototype, 'credentials');
    const work: unknown[] = [];
    for (const name of [one.principal.clientId, many.principal.clientId, randomUUID(), 'nobody']) {
      reads.mockClear();
      vi.mocked(hashes.hashSecret).mockClear();
      for (let i = 0; i < 9; i++) expect(await principals.checkSecret(name, `wrong-${i}`, '192.0.2.3')).toBeNull();
      work.push([reads.mock.calls.length, vi.mocked(hashes.hashSecret).mock.calls.length]);
    }
    reads.mockRestore();
    expect(work).toEqual([
      [9, 0],
      [9, 0],
      [9, 0],
      [9, 0],
    ]);
  });

  it('causes few statements with names that nobody has, one at a time, and holds up nobody', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    const runner = db.dataSource.createQueryRunner();
    const proto = Object.getPrototypeOf(runner) as typeof runner;
    await runner.release();
    const real = proto.query;
    let [statements, underWay, most] = [0, 0, 0];
    const counted = vi.spyOn(proto, 'query').mockImplementation(async function (this: typeof runner, ...given: Parameters<typeof real>) {
      if (!String(given[0]).includes('principals')) return real.apply(this, given);
      statements += 1;
      most = Math.max(most, (underWay += 1));
      return real.apply(this, given).finally(() => (underWay -= 1));
    });
    const guesses = Array.from({ length: 3_000 }, (_, i) =>
      principals.checkSecret(i % 3 ? randomUUID() : `made-up-${i}`, 'x', '192.0.2.30'),
    );
    const right = principals.checkSecret(principal.clientId, secret, '192.0.2.30');
    const [found, ...refused] = await Promise.all([right, ...guesses]);
    counted.mockRestore();
    expect(found).toMatchObject({ id: principal.id });
    expect(refused.every((one) => one === null)).toBe(true);
    expect(statements).toBeLessThan(20);
    expect(most).toBe(1);
  });

  it('causes neither a query nor a slow hash for each further attempt', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    await asBefore(principal.id, secret);
    const guess = () => principals.checkSecret(principal.clientId, 'guess', '192.0.2.4').catch(() => null);
    for (let i = 0; i < 10; i++) await guess();
    const reads = vi.spyOn(PrincipalsTable.prototype, 'credentials');
    vi.mocked(hashes.hashSecret).mockClear();
    for (let i = 0; i < 1_000; i++) await guess();
    expect(reads.mock.calls.length).toBeLessThan(100);
    expect(hashes.hashSecret).not.toHaveBeenCalled();
    reads.mockRestore();
  });
});

describe('a secret from before kinds of hashes were told apart', () => {
  it('keeps working, for one slow hash however many sign in with it', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'fleet' });
    await asBefore(principal.id, secret);
    vi.mocked(hashes.hashSecret).mockClear();
    const found = await Promise.all(Array.from({ length: 200 }, () => principals.checkSecret(principal.clientId, secret, '192.0.2.5')));
    expect(found.every((one) => one?.id === principal.id)).toBe(true);
    expect(await principals.checkSecret(principal.clientId, secret, '192.0.2.6')).not.toBeNull();
    expect(hashes.hashSecret).toHaveBeenCalledTimes(1);
    // Once it was right it is known by a fast hash too, so that the failures of others at the same address do not hold it up.
    for (let i = 0; i < 12; i++) await principals.checkSecret(principal.clientId, 'wrong', '192.0.2.7').catch(() => null);
    expect(await principals.checkSecret(principal.clientId, secret, '192.0.2.7')).not.toBeNull();
    expect(await principals.checkSecret(principal.clientId, `${secret}\0`, '192.0.2.8')).toBeNull();
  });
});

describe('a list of principals', () => {
  it('is that of one subscription, in pages', async () => {
    const principals = await process();
    const homeSubscriptionId = randomUUID();
    await principals.create({ tenantId, displayName: 'elsewhere' });
    const made = [];
    for (const displayName of ['a', 'b', 'c'])
      made.push((await principals.create({ tenantId, displayName, homeSubscriptionId })).principal.id);
    const first = await principals.list(homeSubscriptionId.toUpperCase(), 2);
    const second = await principals.list(homeSubscriptionId, 2, first.at(-1)!.id);
    expect([...first, ...second].map((one) => one.id)).toEqual(made.sort());
  });
});

it('says no secret in the log', async () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) });
  const log = newLogger({ name: 'spec', level: 'trace', destination });
  const principals = await process();
  const { principal, secret } = await principals.create({ tenantId, displayName: 'canary' });
  for (const text of [`${secret}x`, secret]) log.info(await principals.check(principal.clientId, text, 'log'), 'checked');
  for (let i = 0; i < 12; i++)
    await principals.checkSecret(principal.clientId, `${secret}${i}`, 'log').catch((err: unknown) => log.warn({ err }, 'refused'));
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join('')).not.toContain(secret);
});
