import { describe, expect, it } from 'vitest';
import { EntraError } from './entra-error.js';
import { readTokenRequest, type TokenDialect } from './token-request.js';

const form = (fields: Record<string, string>) => new URLSearchParams({ grant_type: 'client_credentials', ...fields }).toString();
const client = { client_id: 'app', client_secret: 's3cret' };
const scope = 'https://localhost:8443/.default';

function refusal(body: unknown, authorization?: string, dialect: TokenDialect = 'v2'): { error: string; code: number; status: number } {
  try {
    readTokenRequest(body, authorization, dialect);
  } catch (error) {
    if (error instanceof EntraError) return { error: error.error, code: error.code, status: error.status };
    throw error;
  }
  throw new Error('It was taken.');
}

describe('a token request', () => {
  it('is read from the form', () => {
    expect(readTokenRequest(form({ ...client, scope }), undefined, 'v2')).toEqual({
      clientId: 'app',
      clientSecret: 's3cret',
      audience: 'https://localhost:8443',
    });
  });

  it('is read from a parsed form as well', () => {
    const parsed = { grant_type: 'client_credentials', ...client, scope };
    expect(readTokenRequest(parsed, undefined, 'v2').audience).toBe('https://localhost:8443');
  });

  it('keeps the slash of a resource, as az sends it', () => {
    expect(readTokenRequest(form({ ...client, scope: 'https://localhost:8443//.default' }), undefined, 'adfs').audience).toBe(
      'https://localhost:8443/',
    );
    expect(readTokenRequest(form({ ...client, resource: 'https://localhost:8443/' }), undefined, 'v1').audience).toBe(
      'https://localhost:8443/',
    );
  });

  it('passes over the OpenID scopes that az adds', () => {
    expect(readTokenRequest(form({ ...client, scope: `openid profile ${scope}` }), undefined, 'adfs').audience).toBe(
      'https://localhost:8443',
    );
  });

  it('is read from Basic, form-encoded or not', () => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(readTokenRequest(form({ scope }), basic('app:a%3Ab%2B'), 'v2').clientSecret).toBe('a:b+');
    expect(readTokenRequest(form({ scope }), basic('app:100%'), 'v2').clientSecret).toBe('100%');
  });

  it.each([
    ['no grant type', new URLSearchParams({ ...client, scope }).toString(), { error: 'invalid_request', code: 900144 }],
    ['another grant type', form({ ...client, scope, grant_type: 'password' }), { error: 'unsupported_grant_type', code: 70003 }],
    ['no client', form({ client_secret: 'x', scope }), { error: 'invalid_request', code: 900144 }],
    ['no secret', form({ client_id: 'x', scope }), { error: 'invalid_client', code: 7000218, status: 401 }],
    ['no scope', form(client), { error: 'invalid_request', code: 900144 }],
    ['a scope without /.default', form({ ...client, scope: 'https://x/user' }), { error: 'invalid_scope', code: 1002012 }],
    ['two scopes', form({ ...client, scope: 'https://x/.default https://y/.default' }), { error: 'invalid_scope', code: 1002012 }],
    ['a scope for nobody', form({ ...client, scope: '/.default' }), { error: 'invalid_request', code: 500011 }],
    ['a repeated parameter', `${form({ ...client, scope })}&client_id=other`, { error: 'invalid_request', code: 9000411 }],
    ['an endless parameter', form({ ...client, scope: 'x'.repeat(3000) }), { error: 'invalid_request' }],
    ['no body', undefined, { error: 'invalid_request', code: 900144 }],
    ['a JSON body of odd types', { grant_type: 'client_credentials', client_id: { $ne: null } }, { error: 'invalid_request' }],
  ])('is refused with %s', (_what, body, expected) => {
    expect(refusal(body)).toMatchObject(expected);
  });

  it('is refused when header and form disagree', () => {
    const basic = `Basic ${Buffer.from('app:s').toString('base64')}`;
    expect(refusal(form({ ...client, scope }), basic).error).toBe('invalid_request');
    expect(refusal(form({ client_id: 'other', scope }), basic).error).toBe('invalid_request');
  });
});
