import { describe, expect, it } from 'vitest';
import { HostNames } from './host-names.js';
import { Sites } from './site.js';

describe('the site of a request', () => {
  const sites = new Sites(new HostNames('localhost:5443'));

  it('is what the client wrote, port included', () => {
    expect(sites.of({ host: 'MyReg.localhost:5000', secure: false })).toMatchObject({
      origin: 'http://myreg.localhost:5000',
      service: 'myreg.localhost:5000',
    });
    expect(sites.of({ host: 'myreg.localhost:443', secure: true })).toMatchObject({ origin: 'https://myreg.localhost', secure: true });
  });

  it('keeps http and https apart for the same host', () => {
    expect(sites.of({ host: 'myreg.localhost', secure: false }).origin).toBe('http://myreg.localhost');
    expect(sites.of({ host: 'myreg.localhost', secure: true }).origin).toBe('https://myreg.localhost');
  });

  it('refuses a host that could break out of a header or is none', () => {
    for (const host of ['', 'a"b', 'a b', 'a,b', 'a/b', 'x'.repeat(300), '[zz]', 'a:123456']) {
      expect(() => sites.of({ host, secure: false })).toThrow(/Host header/);
    }
  });
});
