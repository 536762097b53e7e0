import { randomBytes } from 'node:crypto';
import { Connection, type Target } from './load/connection.js';
import { blobOf, pushBlob, pushImage, type Blob } from './load/registry-calls.js';

/** The repository that holds what the read workloads fetch. */
export const seedRepository = 'bench/app';
/** The repository that the push workloads fill. */
export const pushRepository = 'bench/push';

/** Content that both registries hold before anything is measured: the same bytes in both. */
export interface Seed {
  readonly tag: string;
  readonly layers: readonly Blob[];
  readonly blob10KiB: Blob;
  readonly blob1MiB: Blob;
  readonly blob100MiB: Blob;
}

export function makeSeed(): Seed {
  const random = (size: number): Blob => blobOf(randomBytes(size));
  const kib = 1024;
  return {
    tag: 'latest',
    layers: Array.from({ length: 8 }, () => random(10 * kib)),
    blob10KiB: random(10 * kib),
    blob1MiB: random(kib * kib),
    blob100MiB: random(100 * kib * kib),
  };
}

/** Pushes the seed and says which digest the image's manifest got. */
export async function plant(target: Target, seed: Seed): Promise<string> {
  const connection = await Connection.open(target);
  try {
    await pushImage(connection, seedRepository, seed.tag, seed.layers);
    for (const blob of [seed.blob10KiB, seed.blob1MiB, seed.blob100MiB]) await pushBlob(connection, seedRepository, blob);
    const { headers } = await connection.request({
      method: 'HEAD',
      path: `/v2/${seedRepository}/manifests/${seed.tag}`,
      headers: { Accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    const digest = headers.get('docker-content-digest');
    if (!digest) throw new Error('The seeded image has no digest.');
    return digest;
  } finally {
    connection.close();
  }
}
