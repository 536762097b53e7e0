import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { faultOfHttp, faultOfPostgres } from './framework-faults.js';

const withCode = (code: string, message = 'x') => Object.assign(new Error(message), { code });

it('says that the database is away, and blames it for nothing else', () => {
  expect(faultOfPostgres(new Error('Connection terminated unexpectedly'))?.code).toBe('ServiceUnavailable');
  for (const error of [withCode('ECONNRESET'), withCode('23505'), new TypeError('x'), 'x', null, undefined])
    expect(faultOfPostgres(error)).toBeNull();
});

it('says that the disk of the database is full', () => {
  const full = Object.assign(new DatabaseError('could not extend file', 0, 'error'), { code: '53100' });
  for (const error of [full, Object.assign(new Error('x'), { driverError: full })])
    expect(faultOfPostgres(error)).toMatchObject({ code: 'ServiceUnavailable', message: expect.stringMatching(/disk .* full/) });
});

describe('what the framework refuses', () => {
  it('has a name, and what is ours has none', () => {
    expect(faultOfHttp(withCode('FST_ERR_CTP_BODY_TOO_LARGE'), 413)?.code).toBe('RequestTooLarge');
    expect(faultOfHttp(withCode('FST_ERR_CTP_INVALID_MEDIA_TYPE'), 415)?.code).toBe('UnsupportedMediaType');
    expect(faultOfHttp(new SyntaxError('Unexpected token'), 400)?.code).toBe('InvalidRequestContent');
    expect(faultOfHttp(new TypeError('x is undefined'), undefined)).toBeNull();
  });
});
