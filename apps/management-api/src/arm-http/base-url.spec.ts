import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { baseUrlOf } from './base-url.js';

const publicUrl = 'https://registry.example:8443';
const base = (host: string, secure = false) => baseUrlOf({ origin: { address: '192.0.2.1', host, secure } } as FastifyRequest, publicUrl);

describe('The base of links', () => {
  it('is the way the client came', () => {
    expect(base('localhost:8080')).toBe('http://localhost:8080');
    expect(base('[::1]:8443', true)).toBe('https://[::1]:8443');
    expect(base('REGISTRY.example:8443')).toBe(publicUrl);
  });

  it.each(['', 'x:99999', '999.999.999.999', '1.2.3.4.5', '[:::::]', 'a b', '<b>', 'user@host', 'host/path'])(
    'is the public address when the host is none: %s',
    (host) => {
      expect(base(host)).toBe(publicUrl);
    },
  );
});
