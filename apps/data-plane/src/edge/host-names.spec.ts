import { describe, expect, it } from 'vitest';
import { HostNames, hostWithoutPort, splitPathStyle } from './host-names.js';

describe('a Host header', () => {
  const hosts = new HostNames('localhost:5443');

  it('names a registry by its login server, on whatever port and in whatever case', () => {
    for (const host of ['myreg.localhost:5443', 'myreg.localhost:5000', 'MyReg.LocalHost', 'myreg.localhost.:5443']) {
      expect(hosts.place(host)).toEqual({ kind: 'login', label: 'myreg' });
    }
    expect(hosts.place('myreg-a1b2c3.localhost')).toEqual({ kind: 'login', label: 'myreg-a1b2c3' });
  });

  it('names one region of a registry, and its data endpoint', () => {
    expect(hosts.place('myreg.westeurope.geo.localhost:5444')).toEqual({ kind: 'regional', label: 'myreg', region: 'westeurope' });
    expect(hosts.place('myreg.eastus.data.localhost')).toEqual({ kind: 'data', label: 'myreg', region: 'eastus' });
  });

  it('is of no registry when it is not below the suffix: path style', () => {
    for (const host of [
      'localhost:5000',
      '127.0.0.1:5000',
      '[::1]:5443',
      'registry.example.com',
      'notlocalhost',
      'a.b.localhost',
      'a.b.c.d.localhost',
      '.localhost',
      '-x.localhost',
    ]) {
      expect(hosts.place(host)).toEqual({ kind: 'path' });
    }
  });

  it('is compared without its port', () => {
    expect(hostWithoutPort('A.b:443')).toBe('a.b');
    expect(hostWithoutPort('[::1]:5000')).toBe('[::1]');
    expect(hostWithoutPort('[::1]')).toBe('[::1]');
  });
});

describe('a name in path style', () => {
  it('is a registry and a repository', () => {
    expect(splitPathStyle('MyReg/team/app')).toEqual({ registry: 'myreg', repository: 'team/app' });
    expect(splitPathStyle('myreg')).toEqual({ registry: 'myreg', repository: '' });
  });

  it('is nothing when its first segment can be no registry', () => {
    for (const name of ['app/x', 'my-registry/x', '../etc/passwd', '']) expect(splitPathStyle(name)).toBeNull();
  });
});
