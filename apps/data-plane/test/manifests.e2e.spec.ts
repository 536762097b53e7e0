import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, imageManifest, ociIndex, ociManifest, Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

let installation: Installation;
let region: TestRegion;
let registry: TestRegistry;
let client: Pusher;

beforeAll(async () => {
  installation = await Installation.create();
  registry = await installation.registry('manifests');
  region = await installation.start();
  client = new Pusher(region.http, registry);
});
afterAll(() => installation?.destroy());

const subject = { mediaType: ociManifest, digest: digestOf('the subject'), size: 11 };
const indexWith = (more: object) => JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [], ...more });

interface Listed {
  digest: string;
  annotations?: Record<string, string>;
}

async function referrers(repository: string, query = ''): Promise<{ manifests: Listed[]; next: string | undefined; bytes: number }> {
  const answer = await client.send('GET', query || client.path(repository, `referrers/${subject.digest}`));
  expect(answer.status).toBe(200);
  const { manifests } = answer.json<{ manifests: Listed[] }>();
  return { manifests, next: /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link))?.[1], bytes: answer.body.length };
}

describe('a manifest with annotations', () => {
  it.each([
    ['the six characters \\u0000', String.raw`{"a":"\\u0000"}`, { a: String.raw`\u0000` }],
    ['a NUL', String.raw`{"a":"b\u0000c","k\u0000":"v"}`, { a: 'bc', k: 'v' }],
    ['half a surrogate pair', String.raw`{"a":"\ud800x","b":"\\ud800"}`, { a: '\uFFFDx', b: String.raw`\ud800` }],
    [
      'every kind of escape',
      String.raw`{"\"\\\/\b\f\n\r\t":"\ud83d\ude00\u2028\u007f\u001f"}`,
      { '"\\/\b\f\n\r\t': '😀\u2028\u007f\u001f' },
    ],
  ])('that hold %s is kept byte for byte, and listed', async (what, annotations, listed) => {
    const repository = `annotated/${digestOf(what).slice(7, 20)}`;
    const text = indexWith({ subject }).replace(/\}$/, `,"annotations":${annotations}}`);
    expect((await client.manifest(repository, 'v1', text, ociIndex)).status).toBe(201);
    expect((await client.send('GET', client.path(repository, 'manifests/v1'))).body.toString()).toBe(text);
    expect((await referrers(repository)).manifests.map((one) => one.annotations)).toEqual([listed]);
  });

  it('of more than 64 KiB is kept byte for byte, and listed with as many of them as fit', async () => {
    const annotations = { 'org.example.big': 'x'.repeat(70_000), 'org.example.half': 'y'.repeat(40_000), 'org.example.small': 'z' };
    const text = indexWith({ subject, annotations });
    expect((await client.manifest('large', 'v1', text, ociIndex)).status).toBe(201);
    expect((await client.send('GET', client.path('large', 'manifests/v1'))).body.toString()).toBe(text);
    const { 'org.example.big': _left, ...rest } = annotations;
    expect((await referrers('large')).manifests.map((one) => one.annotations)).toEqual([rest]);
  });
});

describe('a media type or artifact type', () => {
  it.each([
    ['artifactType', indexWith({ artifactType: 'a\u0000b' })],
    [
      'config.mediaType',
      imageManifest({ digest: digestOf('c'), size: 1 }, [], { config: { mediaType: 'a\u0000', digest: digestOf('c'), size: 1 } }),
    ],
    ['subject.mediaType', indexWith({ subject: { ...subject, mediaType: 'a\nb' } })],
  ])('with a control character is refused: %s', async (field, text) => {
    const type = (JSON.parse(text) as { mediaType: string }).mediaType;
    const answer = await client.manifest('types', 'v1', text, type);
    expect([answer.status, answer.code()]).toEqual([400, 'MANIFEST_INVALID']);
    expect(answer.body.toString()).toContain(field);
  });
});

describe('a manifest that says another size than a part has', () => {
  it('is refused, and told both sizes', async () => {
    const bytes = randomBytes(50);
    const digest = await client.blob('sizes', bytes);
    const image = imageManifest({ digest, size: 50 }, []);
    for (const text of [imageManifest({ digest, size: 49 }, []), imageManifest({ digest, size: 50 }, [{ digest, size: 51 }])]) {
      const answer = await client.manifest('sizes', 'v1', text);
      expect([answer.status, answer.code()]).toEqual([400, 'MANIFEST_INVALID']);
      expect(answer.body.toString()).toMatch(new RegExp(`${digest} (has|is of) 50 bytes.*(49|51)`));
    }
    expect((await client.manifest('sizes', 'v1', image)).status).toBe(201);
    const entry = { mediaType: ociManifest, digest: digestOf(image), size: image.length + 1 };
    const answer = await client.manifest('sizes', 'all', indexWith({ manifests: [entry] }), ociIndex);
    expect([answer.status, answer.code()]).toEqual([400, 'MANIFEST_INVALID']);
    expect((await client.manifest('sizes', 'all', indexWith({ manifests: [{ ...entry, size: image.length }] }), ociIndex)).status).toBe(
      201,
    );
  });
});

describe('referrers with large annotations', () => {
  it('come in pages of at most 4 MiB, each once', async () => {
    const pushed = [];
    for (let count = 0; count < 90; count++) {
      const text = indexWith({ subject, annotations: { count: String(count), filler: 'x'.repeat(63_000) } });
      expect((await client.manifest('pages', digestOf(text), text, ociIndex)).status).toBe(201);
      pushed.push(digestOf(text));
    }
    const walked: string[] = [];
    let pages = 0;
    for (let next: string | undefined = client.path('pages', `referrers/${subject.digest}?n=1000`); next; pages++) {
      const page = await referrers('pages', next);
      expect(page.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
      walked.push(...page.manifests.map(({ digest }) => digest));
      next = page.next;
    }
    expect(walked).toEqual(pushed.sort());
    expect(pages).toBe(2);
  });
});
