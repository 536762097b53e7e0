import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { addressGroup, TrustedProxies } from './trusted-proxies.js';

function request(headers: Record<string, string>, from: string, encrypted = false): IncomingMessage {
  return { headers: { host: 'own.example', ...headers }, socket: { remoteAddress: from, encrypted } } as unknown as IncomingMessage;
}

describe('who is not a trusted proxy', () => {
  const nobody = new TrustedProxies([]);
  const some = new TrustedProxies(['10.0.0.0/8']);

  it('is the client itself, whatever it writes into headers', () => {
    const headers = {
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'for=1.2.3.4;host=evil.example;proto=https',
    };
    for (const proxies of [nobody, some, new TrustedProxies(['10.0.0.0/8'], 'forwarded')]) {
      expect(proxies.read(request(headers, '9.9.9.9'))).toEqual({ address: '9.9.9.9', host: 'own.example', secure: false });
    }
  });
});

describe('a trusted proxy', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', 'fd00::/8']);
  const said = (headers: Record<string, string>, from = '10.0.0.1') => proxies.read(request(headers, from));

  it('tells the address, the host and the scheme of the client', () => {
    const headers = { 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'myreg.example', 'x-forwarded-proto': 'https' };
    expect(said(headers)).toEqual({ address: '1.2.3.4', host: 'myreg.example', secure: true });
    expect(said(headers, '::ffff:10.0.0.1')).toEqual({ address: '1.2.3.4', host: 'myreg.example', secure: true });
    expect(said({}, 'fd00::1')).toEqual({ address: 'fd00::1', host: 'own.example', secure: false });
  });

  it('is believed as far as the nearest address that is not one itself', () => {
    expect(said({ 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.9' }).address).toBe('1.2.3.4');
    expect(said({ 'x-forwarded-for': '6.6.6.6, unknown, 10.0.0.9' }).address).toBe('10.0.0.9');
    expect(said({ 'x-forwarded-for': '1.2.3.4:5678' }).address).toBe('1.2.3.4');
    expect(said({ 'x-forwarded-for': '[2001:db8::1]:5678' }).address).toBe('2001:db8::1');
  });

  it('is not believed in what the client wrote before it', () => {
    expect(said({ 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'evil.example, real.example' })).toMatchObject({
      host: 'real.example',
    });
    expect(said({ 'x-forwarded-for': '1.2.3.4, 10.0.0.9', 'x-forwarded-host': 'real.example, inner' })).toMatchObject({
      address: '1.2.3.4',
      host: 'real.example',
    });
  });

  it('that sets Forwarded is believed in that header alone', () => {
    const other = new TrustedProxies(['10.0.0.0/8'], 'forwarded');
    const headers = { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6, for="[2001:db8::1]:99";host=myreg.example;proto=https' };
    expect(other.read(request(headers, '10.0.0.1'))).toEqual({ address: '2001:db8::1', host: 'myreg.example', secure: true });
    expect(other.read(request({ forwarded: 'for="' }, '10.0.0.1')).address).toBe('10.0.0.1');
    expect(said({ forwarded: 'for=6.6.6.6;host=evil.example' })).toMatchObject({ address: '10.0.0.1', host: 'own.example' });
  });

  it('is an address or a range', () => {
    for (const entry of ['example.com', '10.0.0.0/33', '10.0.0.0/x', '::1/129', '1.2.3.4/8/8', '']) {
      expect(() => new TrustedProxies([entry])).toThrow(/invalid/);
    }
  });
});

describe('the group of an address', () => {
  it('is the address itself, and for IPv6 the network that one client may own', () => {
    expect(addressGroup('1.2.3.4')).toBe('1.2.3.4');
    expect(addressGroup('::ffff:1.2.3.4')).toBe('1.2.3.4');
    expect(addressGroup('2001:db8:1:2:3:4:5:6')).toBe(addressGroup('2001:db8:1:2:ffff::1'));
    expect(addressGroup('2001:db8:1:2::1')).not.toBe(addressGroup('2001:db8:1:3::1'));
    expect(addressGroup('fe80::1%eth0')).toBe('fe80::/64');
    expect(addressGroup('office')).toBe('office');
  });
});
