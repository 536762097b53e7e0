import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildahStore, busyboxLayout, busyboxSays, emptyStore, type LayoutImage } from '../support/busybox-image.js';
import { requireProgram } from '#lib/testkit';
import { requireLocalNames } from '../support/local-names.js';
import { testRegistry, ways, type TestRegistry } from '../support/test-registry.js';

describe.skipIf(!requireProgram('podman', 'buildah', 'runc', 'busybox') || !requireLocalNames())('podman', () => {
  let registry: TestRegistry;
  let image: LayoutImage;
  let store: string;
  let stores = 0;

  beforeAll(async () => {
    registry = await testRegistry('podman');
    store = join(registry.folder, 's');
    await mkdir(store);
    image = await busyboxLayout(store);
  });

  afterAll(async () => {
    if (store) await emptyStore(store);
    await registry?.remove();
  });

  const podman = (from: string, ...args: string[]): Promise<string> =>
    registry.names.run('podman', [...buildahStore(from), '--cgroup-manager=cgroupfs', '--runtime', 'runc', ...args], {
      env: { REGISTRY_AUTH_FILE: join(registry.folder, 'auth.json'), SSL_CERT_FILE: join(registry.certificates, 'ca.crt') },
    });

  it.each(ways)('logs in, pushes, pulls and runs an image $title', async (way) => {
    const repository = `podman/${way.https ? 's' : 'p'}${way.pathStyle ? 'path' : 'host'}`;
    const reference = `${registry.prefix(way)}/${repository}:v1`;
    const trust = way.https ? ['--cert-dir', registry.certificates] : ['--tls-verify=false'];
    const server = registry.prefix(way);
    await podman(store, 'login', ...trust, '--username', registry.name, '--password', registry.password, server);
    await podman(store, 'push', '--quiet', ...trust, image.config.digest.slice('sha256:'.length), reference);
    await podman(store, 'logout', server);

    await podman(store, 'login', ...trust, '--username', registry.name, '--password', registry.password, server);
    const other = join(registry.folder, String(stores++));
    try {
      const pulled = (await podman(other, 'pull', '--quiet', ...trust, reference)).trim();
      expect(`sha256:${pulled}`).toBe(image.config.digest);
      const limits = ['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=4096:4096'];
      expect(await podman(other, 'run', '--rm', '--network', 'none', ...limits, reference)).toBe(busyboxSays);
    } finally {
      await emptyStore(other);
    }
  });

  it.each(ways)('finds an image in the catalog of the host $title', async (way) => {
    const [host] = registry.prefix(way).split('/') as [string];
    const reference = `${registry.prefix(way)}/found/${way.https ? 's' : 'p'}`;
    const trust = way.https ? ['--cert-dir', registry.certificates] : ['--tls-verify=false'];
    await podman(store, 'login', ...trust, '--username', registry.name, '--password', registry.password, host);
    await podman(store, 'push', '--quiet', ...trust, image.config.digest.slice('sha256:'.length), `${reference}:v1`);
    // It takes no folder of certificates.
    const search = ['search', ...(way.https ? [] : trust), '--limit', '100', '--format', '{{.Name}}'];
    expect((await podman(store, ...search, `${host}/found`)).split('\n')).toContain(reference);
  });
});
