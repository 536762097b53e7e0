import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { digestOf, type Image, type RegistryClient } from '../support/registry-client.js';

/** The resource group of all drills. */
export const group = 'drills';

/** Something that is going on while a process is killed. */
export interface Scene {
  /** Waits until whatever was begun has been answered or has failed. */
  settled(): Promise<void>;
  /** After the recovery: nothing half-made shows, and what was begun can be brought to its end. */
  check(): Promise<void>;
}

export function nameFor(what: string): string {
  return `${what.replaceAll(/[^a-z]/g, '')}${randomBytes(4).toString('hex')}`;
}

/** How many bytes a registry that holds exactly these images uses. */
export function bytesOf(images: readonly Image[]): number {
  const distinct = new Map<string, number>();
  for (const { manifest, blobs } of images) for (const bytes of [manifest, ...blobs]) distinct.set(digestOf(bytes), bytes.length);
  return [...distinct.values()].reduce((sum, size) => sum + size, 0);
}

/** A tag names a whole image, byte for byte, or nothing at all. */
export async function wholeOrAbsent(client: RegistryClient, repository: string, tag: string, image: Image): Promise<'whole' | 'absent'> {
  const manifest = await client.manifest(repository, tag);
  if (manifest.status === 404) return 'absent';
  expect(manifest.status).toBe(200);
  expect(manifest.body.equals(image.manifest)).toBe(true);
  for (const blob of image.blobs) {
    const { status, body } = await client.blob(repository, digestOf(blob));
    expect(status).toBe(200);
    expect(body.equals(blob)).toBe(true);
  }
  return 'whole';
}
