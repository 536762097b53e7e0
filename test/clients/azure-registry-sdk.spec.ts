import { randomBytes } from 'node:crypto';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import { ClientSecretCredential } from '@azure/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trustLocalService } from '../support/local-names.js';
import { digestOf, imageOf } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';

async function bytesOf(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('the Azure SDK for registries, as it comes from npm', () => {
  const repository = 'sdk/image';
  let registry: TestRegistry;
  let content: ContainerRegistryContentClient;

  beforeAll(async () => {
    registry = await testRegistry('content');
    trustLocalService(registry.ca);
    const { tenantId, clientId, clientSecret } = registry.management.credentials;
    const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
      authorityHost: registry.service.managementUrl,
      disableInstanceDiscovery: true,
    });
    const audience = registry.service.managementUrl;
    content = new ContainerRegistryContentClient(`https://${registry.loginServer}`, repository, credential, { audience });
  });

  afterAll(() => registry?.remove());

  it('uploads blobs and a manifest and downloads the same bytes', async () => {
    // The large one goes in several chunks of 4 MiB.
    const image = imageOf([randomBytes(9 * 1024 * 1024 + 17), randomBytes(1000)]);
    for (const blob of image.blobs) expect(await content.uploadBlob(blob)).toEqual({ digest: digestOf(blob), sizeInBytes: blob.length });
    expect(await content.setManifest(image.manifest, { tag: 'v1' })).toMatchObject({ digest: image.digest });

    const byTag = await content.getManifest('v1');
    expect(byTag).toMatchObject({ digest: image.digest, mediaType: 'application/vnd.oci.image.manifest.v1+json' });
    expect(byTag.content.equals(image.manifest)).toBe(true);
    for (const blob of image.blobs) {
      const download = await content.downloadBlob(digestOf(blob));
      expect((await bytesOf(download.content)).equals(blob)).toBe(true);
    }
  });

  it('deletes a manifest and a blob', async () => {
    const image = imageOf([randomBytes(500)]);
    for (const blob of image.blobs) await content.uploadBlob(blob);
    await content.setManifest(image.manifest, { tag: 'gone' });
    await content.deleteManifest(image.digest);
    await expect(content.getManifest('gone')).rejects.toMatchObject({ statusCode: 404 });
    await content.deleteBlob(digestOf(image.blobs[0] as Buffer));
    await expect(content.downloadBlob(digestOf(image.blobs[0] as Buffer))).rejects.toMatchObject({ statusCode: 404 });
  });

  it('is refused without a role', async () => {
    const { tenantId, clientId } = registry.management.credentials;
    const stranger = new ClientSecretCredential(tenantId, clientId, 'not-the-secret', {
      authorityHost: registry.service.managementUrl,
      disableInstanceDiscovery: true,
    });
    const refused = new ContainerRegistryContentClient(`https://${registry.loginServer}`, repository, stranger, {
      audience: registry.service.managementUrl,
    });
    await expect(refused.uploadBlob(Buffer.from('no'))).rejects.toThrow();
  });
});
