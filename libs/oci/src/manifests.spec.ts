import { describe, expect, it } from 'vitest';
import { manifestMaxBytes, ociImageIndex, ociImageManifest, parseManifest } from './index.js';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const descriptor = (letter: string, mediaType = 'application/vnd.oci.image.layer.v1.tar', more = {}) => ({
  mediaType,
  digest: digest(letter),
  size: 1,
  ...more,
});
const config = descriptor('c', 'application/vnd.oci.image.config.v1+json');
const image = (more: object = {}) => ({ schemaVersion: 2, mediaType: ociImageManifest, config, layers: [descriptor('a')], ...more });
const index = (more: object = {}) => ({
  schemaVersion: 2,
  mediaType: ociImageIndex,
  manifests: [descriptor('d', ociImageManifest)],
  ...more,
});
const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const oras = 'application/vnd.cncf.oras.artifact.manifest.v1+json';

const parse = (body: unknown, contentType?: string) =>
  parseManifest(
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    contentType ?? (body as { mediaType?: string }).mediaType,
  );
const refused = (body: unknown, contentType?: string) =>
  expect(() => parse(body, contentType)).toThrow(expect.objectContaining({ code: 'ManifestInvalid' }));

describe('a manifest', () => {
  it('of an image names its config and layers', () => {
    const manifest = parse(image({ subject: descriptor('e', ociImageManifest), artifactType: 'x/y', annotations: { a: 'b' } }));
    expect(manifest.blobs.map((blob) => blob.digest)).toEqual([digest('c'), digest('a')]);
    expect(manifest).toMatchObject({ kind: 'image', configMediaType: config.mediaType, artifactType: 'x/y', annotations: { a: 'b' } });
    expect(manifest.subject?.digest).toBe(digest('e'));
  });
  it('of an index names its manifests; what is none of them it names as a blob', () => {
    const manifest = parse(index({ manifests: [descriptor('d', ociImageManifest), descriptor('f')] }));
    expect(manifest.manifests.map((child) => child.digest)).toEqual([digest('d')]);
    expect(manifest.blobs.map((blob) => blob.digest)).toEqual([digest('f')]);
  });
  it('of Docker and of ORAS is taken too', () => {
    expect(parse({ ...image(), mediaType: docker }).kind).toBe('image');
    expect(parse({ mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json', schemaVersion: 2, manifests: [] }).kind).toBe(
      'index',
    );
    expect(parse({ mediaType: oras, artifactType: 'x/y', blobs: [descriptor('a')], subject: descriptor('d', docker) })).toMatchObject({
      kind: 'artifact',
      blobs: [{ digest: digest('a') }],
    });
  });
  it('may leave foreign layers elsewhere only if it says where', () => {
    const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    const manifest = parse(image({ layers: [descriptor('a', foreign, { urls: ['https://example.com/a'] }), descriptor('b', foreign)] }));
    expect(manifest.foreign.map((blob) => blob.digest)).toEqual([digest('a')]);
    expect(manifest.blobs.map((blob) => blob.digest)).toEqual([digest('c'), digest('b')]);
    refused(image({ layers: [descriptor('a', foreign, { urls: ['file:///etc/passwd'] })] }));
    refused(image({ layers: [descriptor('a', foreign, { urls: ['https://example.com/#x'] })] }));
  });
  it('may have no layers and fields of its own', () => {
    expect(parse(image({ layers: [], 'org.example.custom': { deep: [1] } })).blobs).toHaveLength(1);
    expect(parse(index({ manifests: [] })).manifests).toEqual([]);
  });
  it('without mediaType is what the OCI shapes say', () => {
    const { mediaType: _, ...bare } = image();
    expect(parse(bare, `${ociImageManifest}; charset=utf-8`).kind).toBe('image');
    refused(bare, ociImageIndex);
    refused(bare, docker);
    refused(bare);
  });
});

describe('a manifest is refused', () => {
  it('when it is two things at once', () => {
    refused(image({ manifests: [] }));
    refused(index({ layers: [] }));
    refused(index({ config }));
    refused(image({ Manifests: [] }));
  });
  it('when Content-Type says something else', () => {
    refused(image(), ociImageIndex);
    refused(image(), docker);
    refused(image(), 'application/json');
  });
  it('when a key appears twice, however it is written', () => {
    const text = JSON.stringify(image());
    refused(text.replace('{', '{"layers":[],'), ociImageManifest);
    refused(text.replace('{', '{"\\u006cayers":[],'), ociImageManifest);
    refused(text.replace('"size":1', '"size":1,"size" : 2'), ociImageManifest);
    expect(parse(image({ annotations: { '{"a': '"b":', a: '\\' } }))).toBeTruthy();
  });
  it.each([
    ['not JSON', '{'],
    ['an array', '[]'],
    ['null', 'null'],
    ['nothing', ''],
  ])('when it is %s', (_, text) => refused(text, ociImageManifest));
  it('when it is not UTF-8', () => {
    expect(() => parseManifest(Buffer.from([0x7b, 0xff, 0x7d]), ociImageManifest)).toThrow(/UTF-8/);
  });
  it.each([
    ['schemaVersion', image({ schemaVersion: 1 })],
    ['config', image({ config: undefined })],
    ['layers.0.digest', image({ layers: [{ ...descriptor('a'), digest: 'sha256:../..' }] })],
    ['layers.0.size', image({ layers: [{ ...descriptor('a'), size: -1 }] })],
    ['layers.0.size', image({ layers: [{ ...descriptor('a'), size: 1e300 }] })],
    ['subject.digest', image({ subject: { mediaType: 'x', digest: '', size: 0 } })],
    ['manifests', index({ manifests: undefined })],
    ['annotations', image({ annotations: { a: 1 } })],
  ])('when %s is not right, and says so', (field, body) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code: 'ManifestInvalid', message: expect.stringContaining(field) }));
  });
  it('above 4 MiB', () => {
    expect(() => parseManifest(Buffer.alloc(manifestMaxBytes + 1, ' '), ociImageManifest)).toThrow(
      expect.objectContaining({ code: 'ManifestTooLarge' }),
    );
  });
  it('however deep or wide', () => {
    refused('['.repeat(2_000_000) + ']'.repeat(2_000_000), ociImageManifest);
    refused(`{${Array.from({ length: 200_000 }, (_, at) => `"k${at}":0`).join(',')},"k5":1}`, ociImageManifest);
  });
});
