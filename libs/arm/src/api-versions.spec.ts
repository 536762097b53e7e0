import { describe, expect, it } from 'vitest';
import { apiVersions, familyOf, usualVersion, requireApiVersion, type ApiArea } from './api-versions.js';

const subject = { type: 'registries', locations: ['eastus', 'westeurope'] };

describe('api versions', () => {
  it('are those that clients send (acr-control-plane §1)', () => {
    for (const version of [
      '2025-11-01',
      '2026-09-01-preview',
      '2023-07-01',
      '2021-08-01-preview',
      '2019-05-01',
      '2022-02-01-preview',
      '2017-03-01',
    ]) {
      expect(requireApiVersion('registries', version, subject).value).toBe(version);
    }
    expect(requireApiVersion('tasks', '2025-03-01-preview', subject).family).toBe('preview');
    expect(requireApiVersion('resources', '2024-11-01', subject).family).toBe('stable');
    expect(requireApiVersion('subscriptions', '2019-11-01', subject).value).toBe('2019-11-01');
  });

  it('are each listed once, well formed, and of the family their suffix says', () => {
    for (const area of Object.keys(apiVersions) as ApiArea[]) {
      const versions = apiVersions[area];
      expect(new Set(versions).size).toBe(versions.length);
      for (const version of versions) expect(version).toMatch(/^20\d\d-\d\d-\d\d(-preview)?$/);
    }
    expect([familyOf('2025-11-01'), familyOf('2025-11-01-preview')]).toEqual(['stable', 'preview']);
    for (const area of Object.keys(apiVersions) as ApiArea[]) expect(apiVersions[area]).toContain(usualVersion(area));
  });

  it('compare without regard to case', () => {
    expect(requireApiVersion('registries', '2026-09-01-PREVIEW', subject).value).toBe('2026-09-01-preview');
  });

  it('are refused where two are given, as ARM refuses the two joined', () => {
    expect(() => requireApiVersion('registries', ['2025-11-01', '2025-11-01'], subject)).toThrow(
      expect.objectContaining({ code: 'InvalidApiVersionParameter' }),
    );
  });

  it.each([undefined, '', '  ', null, 7])('are asked for when there is %j', (given) => {
    expect(() => requireApiVersion('registries', given, subject)).toThrow(expect.objectContaining({ code: 'MissingApiVersionParameter' }));
  });

  it('are told when one is not known, without repeating a long one', () => {
    const long = 'x'.repeat(10_000);
    expect(() => requireApiVersion('registries', long, subject)).toThrow(/API version 'x{64}' for type 'registries'/);
    expect(() => requireApiVersion('resources', '2025-11-02', subject)).toThrow(
      expect.objectContaining({ code: 'InvalidApiVersionParameter' }),
    );
  });
});
