import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isFault } from '#lib/domain';
import { Broadcast, newLogger } from '#lib/platform';
import { testDatabase } from '#lib/testkit';
import { ScryptQueue } from './secret-checks.js';
import { Principals, type PrincipalsOptions } from './principals.js';

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

/** How many hashes of secrets a piece of work takes. */
async function hashesOf(work: () => Promise<unknown>): Promise<number> {
  const hash = vi.spyOn(ScryptQueue.prototype, 'hash');
  try {
    await work();
    return hash.mock.calls.length;
  } finally {
    hash.mockRestore();
  }
}

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

  it('keeps no secret: scrypt hashes with the salt of the principal', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    const rows = await db.dataSource.query(
      'SELECT p.*, s.* FROM identity.principals p JOIN identity.client_secrets s ON s.principal_id = p.id',
    );
    expect(JSON.stringify(rows)).not.toContain(secret);
    const [row] = await db.dataSource.query('SELECT hash FROM identity.client_secrets WHERE principal_id = $1', [principal.id]);
    expect(row.hash).toHaveLength(32);
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

describe('somebody who guesses', () => {
  it('has to wait after ten failures, while others sign in from elsewhere', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'ci' });
    for (let i = 0; i < 10; i++) expect(await principals.checkSecret(principal.clientId, `guess-${i}`, 'attacker')).toBeNull();
    const refusal: unknown = await principals.checkSecret(principal.clientId, secret, 'attacker').catch((error: unknown) => error);
    expect(isFault(refusal, 'TooManyRequests')).toBe(true);
    expect(refusal).toMatchObject({ detail: { retryAfterSeconds: expect.any(Number) } });
    expect(await principals.checkSecret(principal.clientId, secret, 'office')).not.toBeNull();
    clock += 61_000;
    expect(await principals.checkSecret(principal.clientId, secret, 'attacker')).not.toBeNull();
  });

  it('has to wait whatever names are tried', async () => {
    const principals = await process({ failuresPerMinute: { ofOne: 10, from: 12 } });
    for (let i = 0; i < 12; i++) expect(await principals.checkSecret(randomUUID(), 'guess', 'sprayer')).toBeNull();
    await expect(principals.checkSecret(randomUUID(), 'guess', 'sprayer')).rejects.toMatchObject({ code: 'TooManyRequests' });
    expect(await principals.checkSecret(randomUUID(), 'guess', 'somebody else')).toBeNull();
  });

  it('costs the same work whether the name exists or not', async () => {
    const principals = await process();
    const one = await principals.create({ tenantId, displayName: 'one secret' });
    const many = await principals.create({ tenantId, displayName: 'many secrets' });
    for (let i = 0; i < 8; i++) await principals.addSecret(many.principal.id, { displayName: `${i}` });
    const names = [one.principal.clientId, many.principal.clientId, randomUUID(), 'nobody'];
    const works: number[] = [];
    for (const name of names) works.push(await hashesOf(() => principals.checkSecret(name, 'wrong', name)));
    expect(new Set(works)).toEqual(new Set([works[0]]));
  });
});

describe('many who sign in at once', () => {
  it('with the same secret cost one scrypt', async () => {
    const principals = await process();
    const { principal, secret } = await principals.create({ tenantId, displayName: 'fleet' });
    const all = () => Promise.all(Array.from({ length: 200 }, () => principals.checkSecret(principal.clientId, secret, 'fleet')));
    expect(await hashesOf(async () => expect((await all()).every((found) => found?.id === principal.id)).toBe(true))).toBe(1);
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
