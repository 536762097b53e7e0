import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Fault, faultCodes } from '#lib/domain';
import {
  contentRange,
  DigestStream,
  digestOf,
  formatChallenge,
  nextPageLink,
  ociErrorBody,
  ociErrors,
  parseByteRange,
  parseDigest,
  parsePage,
  parseReference,
  parseRepositoryName,
  parseTag,
  parseUploadRange,
  parseV2Path,
  unsatisfiedRange,
  uploadRange,
  verified,
} from './index.js';

const fault = (code: string) => expect.objectContaining({ code });
const hex = 'a'.repeat(64);

describe('digests', () => {
  it('of nothing and of something are what every tool says they are', () => {
    expect(digestOf(Buffer.alloc(0))).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(digestOf(Buffer.from('abc'), 'sha512')).toMatch(/^sha512:ddaf35a193617aba/);
  });
  it.each([
    '',
    'sha256:',
    `sha256:${hex}0`,
    `SHA256:${hex}`,
    `sha256:${hex.toUpperCase()}`,
    `sha512:${hex}`,
    `md5:${hex}`,
    `sha256:../${hex}`,
    `sha256:${hex}\n`,
  ])('refuses %j', (text) => {
    expect(() => parseDigest(text)).toThrow(fault('DigestInvalid'));
  });
  it('can be read in the middle of a stream', () => {
    const stream = new DigestStream('sha512').update(Buffer.from('a'));
    expect(stream.digest()).toBe(digestOf(Buffer.from('a'), 'sha512'));
    expect(stream.update(Buffer.from('bc')).digest()).toBe(digestOf(Buffer.from('abc'), 'sha512'));
    expect(stream.size).toBe(3);
  });
  it('end a stream whose bytes are others', async () => {
    const read = async (digest: ReturnType<typeof digestOf>) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of verified(Readable.from([Buffer.from('a'), Buffer.from('b')]), digest)) pieces.push(piece);
      return pieces;
    };
    await expect(read(digestOf(Buffer.from('ab')))).resolves.toHaveLength(2);
    await expect(read(digestOf(Buffer.from('ac')))).rejects.toMatchObject({ code: 'DigestInvalid' });
  });
});

describe('references', () => {
  it('are digests when they hold a colon, tags otherwise', () => {
    expect(parseReference('latest')).toEqual({ kind: 'tag', tag: 'latest' });
    expect(parseReference(`sha256:${hex}`)).toEqual({ kind: 'digest', digest: `sha256:${hex}` });
    expect(() => parseReference('sha256:abc')).toThrow(fault('DigestInvalid'));
    expect(() => parseReference('.hidden')).toThrow(fault('TagInvalid'));
  });
  it.each(['', '.a', '-a', 'a/b', 'a b', 'ä', 'a'.repeat(129), 'a\u0000', '../a'])('refuses the tag %j', (tag) => {
    expect(() => parseTag(tag)).toThrow(fault('TagInvalid'));
  });
  it.each(['', 'A', '../a', 'a/../b', 'a//b', '/a', 'a/', 'a%2fb', 'a\u0000b', 'a'.repeat(256), 'ｆoo'])(
    'refuses the repository %j',
    (name) => {
      expect(() => parseRepositoryName(name)).toThrow(fault('NameInvalid'));
    },
  );
});

describe('paths', () => {
  it.each([
    ['/v2', { kind: 'base' }],
    ['/v2/', { kind: 'base' }],
    ['/v2/_catalog', { kind: 'catalog' }],
    ['/v2/a/tags/list', { kind: 'tags', name: 'a' }],
    ['/v2/a/b/c/tags/list', { kind: 'tags', name: 'a/b/c' }],
    ['/v2/a%2Fb%2fc/manifests/latest', { kind: 'manifest', name: 'a/b/c', reference: 'latest' }],
    [`/v2/a/manifests/sha256%3A${hex}`, { kind: 'manifest', name: 'a', reference: `sha256:${hex}` }],
    [`/v2/a/b/blobs/sha256:${hex}`, { kind: 'blob', name: 'a/b', digest: `sha256:${hex}` }],
    ['/v2/a/b/blobs/uploads/', { kind: 'uploads', name: 'a/b' }],
    ['/v2/a/b/blobs/uploads', { kind: 'uploads', name: 'a/b' }],
    ['/v2/a/blobs/uploads/0-1', { kind: 'upload', name: 'a', uploadId: '0-1' }],
    [`/v2/a/referrers/sha256:${hex}`, { kind: 'referrers', name: 'a', digest: `sha256:${hex}` }],
    ['/v2/blobs/uploads/manifests/manifests/x', { kind: 'manifest', name: 'blobs/uploads/manifests', reference: 'x' }],
    ['/v2/tags/list/tags/list', { kind: 'tags', name: 'tags/list' }],
  ])('reads %s', (path, route) => {
    expect(parseV2Path(path)).toEqual(route);
  });
  it.each([
    '/v3/',
    '/v2x',
    '/v2/a',
    '/v2/manifests/latest',
    '/v2//manifests/latest',
    '/v2/a/../manifests/x',
    '/v2/a/%2e%2e/manifests/x',
    '/v2/a%00b/manifests/x',
    '/v2/a%252Fb/manifests/x',
    '/v2/a%/manifests/x',
    '/v2/a%5Cb/manifests/x',
    '/v2/%c0%ae%c0%ae/manifests/x',
    '/v2/a/blobs/uploads/x/y',
  ])('knows no route %s', (path) => {
    expect(parseV2Path(path)).toBeNull();
  });
});

describe('ranges of a download', () => {
  it.each([
    [undefined, 10, null],
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=500-1499', 2048, { start: 500, end: 1499 }],
    ['bytes=500-', 2048, { start: 500, end: 2047 }],
    ['bytes=-500', 2048, { start: 1548, end: 2047 }],
    ['bytes=2000-5000', 2048, { start: 2000, end: 2047 }],
    ['bytes=-5000', 2048, { start: 0, end: 2047 }],
    ['7-', 10, { start: 7, end: 9 }],
    ['bytes=0-1,3-4', 10, null],
    ['items=0-1', 10, null],
    ['bytes=-', 10, null],
    ['bytes=a-b', 10, null],
  ])('%s of %i', (header, size, range) => {
    expect(parseByteRange(header, size)).toEqual(range);
  });
  it.each(['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0', '2048-'])('%s of 2048 cannot be served', (header) => {
    expect(() => parseByteRange(header, 2048)).toThrow(expect.objectContaining({ code: 'RangeInvalid', detail: { size: 2048 } }));
  });
  it('of an empty blob cannot be served', () => {
    expect(() => parseByteRange('bytes=0-', 0)).toThrow(fault('RangeInvalid'));
  });
  it('are answered in the words of RFC 9110', () => {
    expect(contentRange({ start: 1, end: 2 }, 10)).toBe('bytes 1-2/10');
    expect(unsatisfiedRange(10)).toBe('bytes */10');
  });
});

describe('ranges of an upload', () => {
  it('are read with and without unit and total', () => {
    expect(parseUploadRange(undefined)).toBeNull();
    expect(parseUploadRange('0-9', 10)).toEqual({ start: 0, end: 9 });
    expect(parseUploadRange('bytes 10-19/*', 10)).toEqual({ start: 10, end: 19 });
    expect(parseUploadRange('bytes=10-19/100')).toEqual({ start: 10, end: 19 });
  });
  it.each(['9-0', 'x', '-5', '5-', '0-1,2-3', ''])('%j is none', (header) => {
    expect(() => parseUploadRange(header)).toThrow(fault('RangeInvalid'));
  });
  it('must agree with the length of the body', () => {
    expect(() => parseUploadRange('0-9', 9)).toThrow(fault('SizeInvalid'));
  });
  it('are told as clients expect them', () => {
    expect([uploadRange(0), uploadRange(1), uploadRange(100)]).toEqual(['0-0', '0-0', '0-99']);
  });
});

describe('pages', () => {
  it.each([
    [undefined, 100],
    ['', 100],
    ['0', 0],
    ['5', 5],
    ['2147483648', 1000],
    ['9'.repeat(10_000), 1000],
  ])('n=%s is %i', (n, expected) => {
    expect(parsePage({ n }).n).toBe(expected);
  });
  it.each(['-1', '1e309', '1.5', ' 1', 'ten', '0x10'])('n=%s is refused', (n) => {
    expect(() => parsePage({ n })).toThrow(fault('PaginationNumberInvalid'));
  });
  it('link to the next one as ACR does', () => {
    expect(nextPageLink('/v2/_catalog', 'a/b', 2)).toBe('</v2/_catalog?last=a%2Fb&n=2&orderby=>; rel="next"');
  });
  it('bound what they compare with', () => {
    expect(parsePage({ last: `${'x'.repeat(10_000)}` }).last).toHaveLength(512);
    expect(parsePage({ last: 'a\u0000b' }).last).toBe('ab');
  });
});

describe('challenges', () => {
  it('are written exactly as ACR writes them', () => {
    const challenge = { realm: 'https://r.example/oauth2/token', service: 'r.example', scope: 'repository:a/b:pull' };
    expect(formatChallenge({ ...challenge, error: 'invalid_token' })).toBe(
      'Bearer realm="https://r.example/oauth2/token",service="r.example",scope="repository:a/b:pull",error="invalid_token"',
    );
  });
  it('cannot be broken out of', () => {
    expect(formatChallenge({ realm: 'https://x"\r\nSet-Cookie: a', service: 'x' })).toBe(
      'Bearer realm="https://xSet-Cookie: a",service="x"',
    );
  });
});

describe('errors', () => {
  it('exist for every fault', () => {
    expect(faultCodes.filter((code) => !ociErrors[code])).toEqual([]);
  });
  it('say nothing about what is our own mistake', () => {
    expect(ociErrorBody(new Fault('Internal', 'secret'))).toEqual({ errors: [{ code: 'UNKNOWN', message: 'unknown error' }] });
    expect(ociErrorBody(new Fault('NameUnknown', 'x', { detail: { name: 'a' } }))).toEqual({
      errors: [{ code: 'NAME_UNKNOWN', message: 'x', detail: { name: 'a' } }],
    });
  });
});
