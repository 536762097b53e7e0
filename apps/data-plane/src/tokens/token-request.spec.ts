import { describe, expect, it } from 'vitest';
import { readGetRequest, readPostRequest } from './token-request.js';

const basic = `Basic ${Buffer.from('myreg:secret').toString('base64')}`;
const form = (fields: Record<string, string>) => new URLSearchParams(fields);

describe('a token request', () => {
  it('may repeat its scopes or write several in one, and keeps their order', () => {
    const query = new URLSearchParams('service=h&scope=repository:b:pull&scope=repository:a:push%20registry:catalog:*&account=x&unknown=1');
    expect(readGetRequest(query, basic)).toEqual({
      proof: { kind: 'password', user: 'myreg', password: 'secret' },
      service: 'h',
      scopes: [
        { type: 'repository', name: 'b', actions: ['pull'] },
        { type: 'repository', name: 'a', actions: ['push'] },
        { type: 'registry', name: 'catalog', actions: ['*'] },
      ],
      offline: 'no',
    });
  });

  it('without credentials is for nobody in particular; with unreadable ones it is not', () => {
    expect(readGetRequest(form({}), undefined).proof).toEqual({ kind: 'nobody' });
    expect(readGetRequest(form({}), 'Digest x').proof).toEqual({ kind: 'password', user: '', password: '' });
  });

  it('may be a form with a password, a refresh token, or nothing (the Azure SDK, anonymously)', () => {
    expect(
      readPostRequest(form({ grant_type: 'password', username: 'u', password: 'p', access_type: 'offline' }), undefined),
    ).toMatchObject({
      proof: { kind: 'password', user: 'u', password: 'p' },
      offline: 'oauth',
    });
    expect(readPostRequest(form({ grant_type: 'refresh_token', refresh_token: 't' }), undefined).proof).toEqual({
      kind: 'refreshToken',
      token: 't',
    });
    expect(readPostRequest(form({ grant_type: 'password', refresh_token: '' }), undefined).proof).toEqual({ kind: 'nobody' });
  });

  it('is refused without a grant it can have, with scopes that are none, and with too many', () => {
    expect(() => readPostRequest(form({}), undefined)).toThrow(/grant_type/);
    expect(() => readPostRequest(form({ grant_type: 'device_code' }), undefined)).toThrow(/grant_type/);
    expect(() => readGetRequest(form({ scope: 'nonsense' }), undefined)).toThrow(/scope is written/);
    const many = Array.from({ length: 101 }, (_, i) => `repository:r${i}:pull`).join(' ');
    expect(() => readGetRequest(form({ scope: many }), undefined)).toThrow(/At most 100/);
  });
});
