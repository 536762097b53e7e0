import { describe, expect, it } from 'vitest';
import { VerifiedTokens } from './verified-tokens.js';

function memory(max = 10) {
  const clock = { now: 1_000_000 };
  const keys = { epoch: 0 };
  const seen: string[] = [];
  const tokens = new VerifiedTokens<{ name: string }>({
    max,
    epochOf: keys,
    now: () => clock.now,
    verify: (token) => {
      seen.push(token);
      if (token.startsWith('bad')) throw new Error('does not hold');
      return { value: { name: token }, exp: 2_000 };
    },
  });
  return { clock, keys, seen, tokens };
}

describe('the memory of verified tokens', () => {
  it('verifies a token once', () => {
    const { tokens, seen } = memory();
    expect(tokens.get('a')).toEqual({ name: 'a' });
    expect(tokens.get('a')).toEqual({ name: 'a' });
    expect(seen).toEqual(['a']);
  });

  it('looks at the expiry of a remembered token every time', () => {
    const { tokens, clock } = memory();
    tokens.get('a');
    clock.now = 1_999_999;
    expect(tokens.recall('a')).toEqual({ name: 'a' });
    clock.now = 2_000_000;
    expect(tokens.recall('a')).toBeUndefined();
    expect(() => tokens.get('a')).toThrow(/expired/);
  });

  it('never remembers what does not hold', () => {
    const { tokens, seen } = memory();
    expect(() => tokens.get('bad')).toThrow();
    expect(() => tokens.get('bad')).toThrow();
    expect(seen).toEqual(['bad', 'bad']);
    expect(tokens.size).toBe(0);
  });

  it('verifies again after a key has gone', () => {
    const { tokens, keys, seen } = memory();
    tokens.get('a');
    keys.epoch += 1;
    tokens.get('a');
    expect(seen).toEqual(['a', 'a']);
  });

  it('takes a token that differs in one character for another token', () => {
    const { tokens, seen } = memory();
    tokens.get('header.payload.signature');
    tokens.get('header.payload.signaturf');
    expect(seen).toHaveLength(2);
  });

  it('stays within its bounds', () => {
    const { tokens } = memory(3);
    for (let i = 0; i < 100; i++) tokens.get(`token-${i}`);
    expect(tokens.size).toBe(3);
  });
});
