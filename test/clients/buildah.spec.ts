import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildahStore, buildBusybox, emptyStore } from '../support/busybox-image.js';
import { requireProgram } from '#lib/testkit';
import { requireLocalNames } from '../support/local-names.js';
import { testRegistry, ways, type TestRegistry } from '../support/test-registry.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!requireProgram('buildah', 'runc', 'busybox') || !requireLocalNames())('buildah', () => {
  let registry: TestRegistry;
  let id: string;
  let store: string;

  beforeAll(async () => {
    registry = await testRegistry('buildah');
    store = join(registry.folder, 'store');
    await mkdir(store);
    id = await buildBusybox(store, 'localhost/built:v1');
  });

  afterAll(async () => {
    if (store) await emptyStore(store);
    await registry?.remove();
  });

  it.each(ways)('builds, pushes and pulls an image $title', async (way) => {
    const repository = `buildah/${way.https ? 's' : 'p'}${way.pathStyle ? 'path' : 'host'}`;
    const reference = `${registry.prefix(way)}/${repository}:v1`;
    const trust = way.https ? ['--cert-dir', registry.certificates] : ['--tls-verify=false'];
    const access = [...trust, '--creds', `${registry.name}:${registry.password}`];
    const digestFile = join(registry.folder, `digest-${repository.replace('/', '-')}`);
    const other = join(registry.folder, `store-${repository.replace('/', '-')}`);
    await registry.names.run('buildah', [
      ...buildahStore(store),
      'push',
      '--quiet',
      ...access,
      '--digestfile',
      digestFile,
      id,
      `docker://${reference}`,
    ]);

    // Pulled into a store that has never seen it.
    const pulled = (
      await registry.names.run('buildah', [...buildahStore(other), 'pull', '--quiet', ...access, `docker://${reference}`])
    ).trim();
    expect(pulled).toBe(id);
    const container = (await registry.names.run('buildah', [...buildahStore(other), 'from', '--pull-never', id])).trim();
    const root = (await registry.names.run('buildah', [...buildahStore(other), 'mount', container])).trim();
    try {
      const show = (path: string): Promise<string> =>
        registry.names.run('buildah', [
          ...buildahStore(other),
          'run',
          '--isolation',
          'oci',
          '--runtime',
          'runc',
          container,
          '--',
          '/bin/busybox',
          'cat',
          path,
        ]);
      expect(root).not.toBe('');
      expect(await show('/made')).toBe('built here\n');
      const checksum = await registry.names.run('buildah', [
        ...buildahStore(other),
        ...['run', '--isolation', 'oci', '--runtime', 'runc', container, '--', '/bin/busybox', 'sha256sum', '/bin/busybox'],
      ]);
      expect(checksum.split(' ')[0]).toBe(sha256(await readFile(join(store, 'context', 'busybox'))));
    } finally {
      await emptyStore(other);
    }

    // What lies in the registry is what buildah sent, byte for byte.
    const manifest = await registry.client.manifest(repository, 'v1');
    expect(`sha256:${sha256(manifest.body)}`).toBe(await readFile(digestFile, 'utf8'));
    const { config, layers } = manifest.json<{ config: { digest: string; size: number }; layers: { digest: string; size: number }[] }>();
    expect(config.digest).toBe(`sha256:${id}`);
    for (const { digest, size } of [config, ...layers]) {
      const { body } = await registry.client.blob(repository, digest);
      expect(body.length).toBe(size);
      expect(`sha256:${sha256(body)}`).toBe(digest);
    }
  });
});
