import { describe, expect, it } from 'vitest';
import { indexedAnnotations } from './indexed-annotations.js';

describe('the annotations that the index keeps', () => {
  it('are all of them where they are few', () => {
    const annotations = { a: '1', 'org.opencontainers.image.title': 'é "quoted" \\u0000' };
    expect(JSON.parse(indexedAnnotations(annotations))).toEqual(annotations);
    expect(indexedAnnotations({})).toBe('{}');
  });

  it('are the smallest where all are too many, in at most 64 KiB', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`key-${n}`, 'é'.repeat(n % 40)]));
    const text = indexedAnnotations(many);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(65_536 + 2);
    const kept = Object.values(JSON.parse(text) as Record<string, string>);
    expect(kept.length).toBeGreaterThan(2_000);
    expect(Math.max(...kept.map((value) => value.length))).toBeLessThan(10);
    expect(indexedAnnotations({ large: 'x'.repeat(65_536), small: 'y' })).toBe('{"small":"y"}');
  });

  it('hold nothing that jsonb cannot', () => {
    expect(JSON.parse(indexedAnnotations({ 'a\0': 'b\0c', d: '\ud800' }))).toEqual({ a: 'bc', d: '\uFFFD' });
  });
});
