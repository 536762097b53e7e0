import { describe, expect, it } from 'vitest';
import { faultOfHttp, faultOfPostgres } from './framework-faults.js';

const withCode = (code: string, message = 'x') => Object.assign(new Error(message), { code });

describe('a database that is away', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '53300', '08006'])('is said to be: %s', (code) => {
    expect(faultOfPostgres(withCode(code))?.code).toBe('ServiceUnavailable');
    expect(faultOfPostgres({ message: 'query failed', driverError: { code } })?.code).toBe('ServiceUnavailable');
  });

  it('is known by the pool’s own words', () => {
    expect(faultOfPostgres(new Error('Connection terminated unexpectedly'))?.code).toBe('ServiceUnavailable');
  });

  it('is not blamed for anything else', () => {
    for (const error of [withCode('23505'), withCode('42601'), new TypeError('x'), 'x', null, undefined])
      expect(faultOfPostgres(error)).toBeNull();
  });
});

describe('what the framework refuses', () => {
  it('has a name, and what is ours has none', () => {
    expect(faultOfHttp(withCode('FST_ERR_CTP_BODY_TOO_LARGE'), 413)?.code).toBe('RequestTooLarge');
    expect(faultOfHttp(withCode('FST_ERR_CTP_INVALID_MEDIA_TYPE'), 415)?.code).toBe('UnsupportedMediaType');
    expect(faultOfHttp(new SyntaxError('Unexpected token'), 400)?.code).toBe('InvalidRequestContent');
    expect(faultOfHttp(new TypeError('x is undefined'), undefined)).toBeNull();
  });
});
