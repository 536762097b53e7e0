import { describe, expect, it } from 'vitest';
import { isReserved } from './reserved-names.js';

const config = {
  REGATTA_MANAGEMENT_URL: 'https://manage.example.com',
  REGATTA_LOGIN_SERVER_SUFFIX: 'example.com',
  REGATTA_RESERVED_NAMES: ['admin', 'Login'],
};

describe('A name that could be taken for a host of the installation', () => {
  it.each(['manage', 'MANAGE', 'admin', 'login'])('is reserved: %s', (name) => expect(isReserved(name, config)).toBe(true));

  it('is not one that stands in the suffix as well', () => {
    for (const name of ['example', 'managed', 'reg12']) expect(isReserved(name, config)).toBe(false);
    const local = { ...config, REGATTA_MANAGEMENT_URL: 'https://localhost:8443', REGATTA_LOGIN_SERVER_SUFFIX: 'localhost:5443' };
    expect(isReserved('localhost', local)).toBe(false);
  });
});
