import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busyboxLayout, emptyStore, type LayoutImage } from '../support/busybox-image.js';
import { requireProgram } from '#lib/testkit';
import { requireLocalNames } from '../support/local-names.js';
import { testRegistry, ways, type TestRegistry, type Way } from '../support/test-registry.js';

describe.skipIf(!requireProgram('skopeo', 'buildah', 'runc', 'busybox') || !requireLocalNames())('skopeo', () => {
  let registry: TestRegistry;
  let image: LayoutImage;
  let store: string;

  beforeAll(async () => {
    registry = await testRegistry('skopeo');
    store = join(registry.folder, 'store');
    await mkdir(store);
    image = await busyboxLayout(store);
  });

  afterAll(async () => {
    if (store) await emptyStore(store);
    await registry?.remove();
  });

  const skopeo = (...args: string[]): Promise<string> => registry.names.run('skopeo', ['--insecure-policy', ...args]);

  function transport(side: 'src' | 'dest', way: Way): string[] {
    const trust = way.https ? [`--${side}-cert-dir`, registry.certificates] : [`--${side}-tls-verify=false`];
    return [...trust, `--${side}-creds`, `${registry.name}:${registry.password}`];
  }

  it.each(ways)('pushes an image and pulls the same bytes $title', async (way) => {
    const repository = `skopeo/${way.https ? 's' : 'p'}${way.pathStyle ? 'path' : 'host'}`;
    const reference = `docker://${registry.prefix(way)}/${repository}:v1`;
    await skopeo('copy', '--quiet', '--preserve-digests', ...transport('dest', way), `oci:${image.folder}:app`, reference);

    const pulled = join(registry.folder, `pulled-${repository.replace('/', '-')}`);
    await skopeo('copy', '--quiet', '--preserve-digests', ...transport('src', way), reference, `dir:${pulled}`);

    expect((await readFile(join(pulled, 'manifest.json'))).equals(image.manifest)).toBe(true);
    for (const { digest, size } of [image.config, ...image.layers]) {
      const bytes = await readFile(join(pulled, digest.slice('sha256:'.length)));
      expect(bytes.length).toBe(size);
      expect(bytes.equals(await image.blob(digest))).toBe(true);
    }
    // Whatever way it came, it is one registry: the login server shows the same image.
    expect((await registry.client.manifest(repository, 'v1')).headers['docker-content-digest']).toBe(image.digest);
  });

  it('copies from one repository to another, lists the tags and deletes the image', async () => {
    const way = ways[0] as Way;
    const from = `docker://${registry.prefix(way)}/skopeo/from:v1`;
    const to = `docker://${registry.prefix(way)}/skopeo/to`;
    await skopeo('copy', '--quiet', '--preserve-digests', ...transport('dest', way), `oci:${image.folder}:app`, from);
    for (const tag of ['v1', 'v2'])
      await skopeo('copy', '--quiet', ...transport('src', way), ...transport('dest', way), from, `${to}:${tag}`);

    const plain = ['--cert-dir', registry.certificates, '--creds', `${registry.name}:${registry.password}`];
    expect(JSON.parse(await skopeo('list-tags', ...plain, to))).toMatchObject({ Tags: ['v1', 'v2'] });
    expect(JSON.parse(await skopeo('inspect', ...plain, `${to}:v2`))).toMatchObject({ Digest: image.digest, RepoTags: ['v1', 'v2'] });

    await skopeo('delete', ...plain, `${to}:v1`); // Deletes the manifest, and with it every tag of it.
    expect((await registry.client.manifest('skopeo/to', 'v2')).status).toBe(404);
    expect((await registry.client.manifest('skopeo/from', 'v1')).status).toBe(200);
  });

  it('is refused with a wrong password', async () => {
    const way = ways[0] as Way;
    const args = ['--insecure-policy', 'copy', '--dest-cert-dir', registry.certificates, '--dest-creds', `${registry.name}:wrong`];
    const refused = await registry.names.finish('skopeo', [
      ...args,
      `oci:${image.folder}:app`,
      `docker://${registry.prefix(way)}/skopeo/refused:v1`,
    ]);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/unauthorized|authentication required|401/i);
    expect((await registry.client.manifest('skopeo/refused', 'v1')).status).toBe(404);
  });
});
