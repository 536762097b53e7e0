import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { HostNames } from './host-names.js';
import { Sites } from './site.js';
import { TrustedProxies } from './trusted-proxies.js';

function request(headers: Record<string, string>, from = '127.0.0.1', encrypted = false): IncomingMessage {
  return { headers, socket: { remoteAddress: from, encrypted } } as unknown as IncomingMessage;
}

describe('the site of a request', () => {
  const hosts = new HostNames('localhost:5443');
  const nobody = new Sites(hosts, new TrustedProxies([]));
  const proxied = new Sites(hosts, new TrustedProxies(['10.0.0.0/8', '::1']));

  it('is what the client wrote, port included', () => {
    expect(nobody.of(request({ host: 'MyReg.localhost:5000' }))).toMatchObject({
      origin: 'http://myreg.localhost:5000',
      service: 'myreg.localhost:5000',
    });
    expect(nobody.of(request({ host: 'myreg.localhost:443' }, '127.0.0.1', true))).toMatchObject({
      origin: 'https://myreg.localhost',
      secure: true,
    });
  });

  it('keeps http and https apart for the same host', () => {
    expect(nobody.of(request({ host: 'myreg.localhost' })).origin).toBe('http://myreg.localhost');
    expect(nobody.of(request({ host: 'myreg.localhost' }, '::1', true)).origin).toBe('https://myreg.localhost');
  });

  it('does not believe X-Forwarded headers of strangers', () => {
    const headers = { host: 'myreg.localhost', 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'https' };
    expect(nobody.of(request(headers)).origin).toBe('http://myreg.localhost');
    expect(proxied.of(request(headers, '11.0.0.1')).origin).toBe('http://myreg.localhost');
    expect(proxied.of(request(headers, '::ffff:10.1.2.3')).origin).toBe('https://evil.example.com');
  });

  it('refuses a host that could break out of a header or is none', () => {
    for (const host of ['', 'a"b', 'a b', 'a,b', 'a/b', 'x'.repeat(300), '[zz]', 'a:123456']) {
      expect(() => nobody.of(request({ host }))).toThrow(/Host header/);
    }
  });
});

describe('trusted proxies', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8']);

  it('tell the address of the client, and only they do', () => {
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.9' };
    expect(proxies.clientAddress(request(forwarded, '10.0.0.1'))).toBe('1.2.3.4');
    expect(proxies.clientAddress(request(forwarded, '9.9.9.9'))).toBe('9.9.9.9');
    expect(proxies.clientAddress(request({}, '10.0.0.1'))).toBe('10.0.0.1');
  });

  it('are addresses or ranges', () => {
    for (const entry of ['example.com', '10.0.0.0/33', '10.0.0.0/x', '::1/129', '1.2.3.4/8/8', '']) {
      expect(() => new TrustedProxies([entry])).toThrow(/neither an IP address/);
    }
  });
});
