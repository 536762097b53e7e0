import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, imageManifest, ociIndex, ociManifest, Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';

const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';

let installation: Installation;
let region: TestRegion;
let registry: TestRegistry;
let client: Pusher;
let image: string;
let config: string;

beforeAll(async () => {
  installation = await Installation.create();
  registry = await installation.registry('confusion');
  region = await installation.start();
  client = new Pusher(region.http, registry);
  config = await client.blob('app', Buffer.from('{}'));
  image = imageManifest({ digest: config, size: 2 }, [{ digest: config, size: 2 }]);
  await client.manifest('app', 'base', image);
});
afterAll(() => installation?.destroy());

const entry = () => ({ mediaType: ociManifest, digest: digestOf(image), size: image.length });
const withField = (text: string, field: string) => text.replace(/\}$/, `,${field}}`);

/** A body that one reader takes for an image and another for an index, and the type it is sent as. */
const ambiguous: Record<string, () => [string, string]> = {
  'an image that also lists manifests': () => [withField(image, `"manifests":[${JSON.stringify(entry())}]`), ociManifest],
  'an image that also lists no manifests': () => [withField(image, '"manifests":[]'), ociManifest],
  'an index that also has layers': () => [indexText({ layers: [] }), ociIndex],
  'an index that also has a config': () => [indexText({ config: { mediaType: 'a', digest: config, size: 2 } }), ociIndex],
  'an image that also has the blobs of an artifact': () => [withField(image, '"blobs":[]'), ociManifest],
  'an image sent as an index': () => [image, ociIndex],
  'an index sent as an image': () => [indexText({}), ociManifest],
  'an OCI image sent as a Docker image': () => [image, dockerManifest],
  'a Docker image that does not say so': () => [image.replace(`"mediaType":"${ociManifest}",`, ''), dockerManifest],
  'a Docker list that says it is an OCI index': () => [indexText({}), dockerList],
  'a key twice': () => [withField(image, '"layers":[]'), ociManifest],
  'a key twice, once escaped': () => [withField(image, String.raw`"\u006cayers":[]`), ociManifest],
  'a key twice in a descriptor': () => [image.replace('"size":2', '"size":2,"size":2'), ociManifest],
  'a key that differs in case': () => [withField(image, '"Manifests":[]'), ociManifest],
  'a type that differs in case': () => [image.replaceAll(ociManifest, ociManifest.toUpperCase()), ociManifest],
  'a byte order mark': () => [`\uFEFF${image}`, ociManifest],
  'two documents': () => [`${image}${image}`, ociManifest],
};

function indexText(more: object): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry()], ...more });
}

describe('A manifest that two readers could take for two things', () => {
  it.each(Object.entries(ambiguous))('is refused and not kept: %s', async (_what, make) => {
    const [text, type] = make();
    const answer = await client.manifest('app', 'confused', text, type);
    expect([answer.status, answer.code()]).toEqual([400, 'MANIFEST_INVALID']);
    expect((await client.send('GET', client.path('app', 'manifests/confused'))).status).toBe(404);
    expect((await client.send('GET', client.path('app', `manifests/${digestOf(text)}`))).status).toBe(
      digestOf(text) === digestOf(image) ? 200 : 404,
    );
  });
});

describe('One digest', () => {
  it('is always answered with the type it was pushed as, whatever the client accepts', async () => {
    for (const accept of [ociManifest, ociIndex, dockerManifest, dockerList, 'text/html', '*/*', '']) {
      for (const reference of ['base', digestOf(image)]) {
        const answer = await client.send('GET', client.path('app', `manifests/${reference}`), { accept });
        expect([answer.status, answer.headers['content-type'], answer.body.toString()]).toEqual([200, ociManifest, image]);
      }
    }
  });

  it('keeps its type when the same bytes come again without one or with parameters, and with another one is refused', async () => {
    for (const type of [`${ociManifest}; charset=utf-8`, ociManifest.toUpperCase()])
      expect([201, 400], type).toContain((await client.manifest('app', 'again', image, type)).status);
    expect((await client.manifest('app', 'again', image, 'application/vnd.oci.image.config.v1+json')).status).toBe(400);
    expect((await client.send('GET', client.path('app', 'manifests/base'))).headers['content-type']).toBe(ociManifest);
  });

  it('is not a manifest because it is a blob, nor the other way round', async () => {
    const text = imageManifest({ digest: config, size: 2 }, []);
    const blob = await client.blob('app', Buffer.from(text));
    expect((await client.send('GET', client.path('app', `manifests/${blob}`))).status).toBe(404);
    expect((await client.send('GET', client.path('app', `blobs/${digestOf(image)}`))).status).toBe(404);
  });
});
