import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Claims, type TokenDoor, TokenDoors } from '../support/token-doors.js';

let opened: TokenDoors;
beforeAll(async () => {
  opened = await TokenDoors.open();
});
afterAll(() => opened?.close());

/** What may stand where a claim should. `undefined`: the claim is missing. */
const odd: readonly unknown[] = [undefined, null, '', 0, -1, 1.5, 1e309, true, false, [], {}, [''], [[]], ['a'], { toString: 1 }, '\0'];
/** What our tokens carry for others to read, and nothing decides on: odd or not, the answer is an answer. */
const unread = new Set(['version', 'roles', 'permissions', 'azp', 'ver']);
/** What names somebody or a moment, so that some of the values above mean something. */
const mayBe: Readonly<Record<string, (value: unknown) => boolean>> = {
  iat: (value) => value === 0,
  nbf: (value) => value === 0,
  jti: (value) => value === '\0',
};

async function refusals(door: TokenDoor, claims: Claims, title: string): Promise<string[]> {
  const status = await door.status(door.forge.token(claims));
  return status === 401 ? [] : [`${door.title} (${door.kind}), ${title}: ${status}`];
}

it('A token with a claim that is missing or of another type is refused, and the process goes on', async () => {
  const taken: string[] = [];
  for (const door of opened.doors) {
    const good = door.claims();
    for (const claim of Object.keys(good)) {
      for (const value of odd) {
        const claims = { ...good, [claim]: value };
        const title = `${claim} ${JSON.stringify(value)}`;
        if (unread.has(claim)) expect([title, await door.status(door.forge.token(claims))]).toEqual([title, 200]);
        else if (!mayBe[claim]?.(value)) taken.push(...(await refusals(door, claims, title)));
      }
    }
    expect([door.title, await door.status(door.forge.token(good))]).toEqual([door.title, 200]);
  }
  expect(taken).toEqual([]);
});

it('A token whose grants are no grants opens nothing', async () => {
  const entry = { type: 'repository', name: 'app', actions: ['pull'] };
  const grants: unknown[] = [
    entry,
    [null],
    [[entry]],
    ['repository:app:pull'],
    [{ ...entry, type: ['repository'] }],
    [{ ...entry, name: ['app'] }],
    [{ ...entry, name: undefined }],
    [{ ...entry, actions: 'pull' }],
    [{ ...entry, actions: [['pull']] }],
    [{ ...entry, actions: { 0: 'pull', length: 1 } }],
    [{ ...entry, actions: ['pull', 1] }],
    [entry, { type: 'repository' }],
  ];
  const taken: string[] = [];
  for (const door of opened.doors.filter(({ kind }) => kind === 'access')) {
    for (const access of grants) taken.push(...(await refusals(door, { ...door.claims(), access }, JSON.stringify(access))));
  }
  expect(taken).toEqual([]);
});

it('A token of another moment is refused: expired, not valid yet, from the future', async () => {
  const now = Math.floor(Date.now() / 1000);
  const moments: Claims[] = [
    { exp: now },
    { exp: now - 3600, iat: now - 7200, nbf: now - 7200 },
    { nbf: now + 600 },
    { iat: now + 600 },
    { exp: -1 },
    { exp: now * 1000, iat: now * 1000, nbf: now * 1000 },
    { exp: String(now + 600) },
    { exp: 2 ** 53 },
  ];
  const taken: string[] = [];
  for (const door of opened.doors) {
    for (const moment of moments) taken.push(...(await refusals(door, { ...door.claims(), ...moment }, JSON.stringify(moment))));
  }
  expect(taken).toEqual([]);
});

it('A token for another audience, from another issuer or about another tenant is refused', async () => {
  const taken: string[] = [];
  for (const door of opened.doors) {
    const good = door.claims();
    for (const claim of ['aud', 'iss']) {
      const value = good[claim] as string;
      for (const other of [`${value}.evil.example`, `evil.${value}`, [value], [value, 'https://evil.example'], value.slice(1), ` ${value}`])
        taken.push(...(await refusals(door, { ...good, [claim]: other }, `${claim} ${JSON.stringify(other)}`)));
    }
    if (door.kind === 'principal')
      taken.push(...(await refusals(door, { ...good, tid: '11111111-1111-1111-1111-111111111111' }, 'another tenant')));
  }
  expect(taken).toEqual([]);
});
