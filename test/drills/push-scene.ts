import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { expect } from 'vitest';
import { digestOf, imageOf, type RegistryClient } from '../support/registry-client.js';
import type { Drill } from './drill.js';
import { bytesOf, group, nameFor, wholeOrAbsent, type Scene } from './scene.js';

const mib = 1024 * 1024;

/** Sends the first part of a body and keeps the connection open, as a client does whose disk is slow. */
function beginChunk(client: RegistryClient, location: string, sent: Buffer, announced: number): { giveUp(): void; broken: Promise<void> } {
  const { url, loginServer, username, password } = client.registry;
  const patch = request(`${url}${location}`, {
    method: 'PATCH',
    agent: false,
    headers: {
      host: loginServer,
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/octet-stream',
      'content-length': announced,
    },
  });
  const broken = new Promise<void>((resolve) => {
    patch.on('close', () => resolve());
    patch.on('error', () => resolve());
    patch.on('response', (response) => response.resume());
  });
  patch.write(sent);
  return { giveUp: () => patch.destroy(), broken };
}

/**
 * Twelve images are on their way into a registry, at least one of them is complete; a large blob has 3 MiB acknowledged
 * and is in the middle of its next chunk.
 */
export async function pushScene(drill: Drill): Promise<Scene> {
  const name = nameFor('push');
  await drill.management.createRegistry(group, name);
  const client = await drill.clientOf(group, name);
  const large = randomBytes(8 * mib);
  const location = await client.append(await client.startUpload('large'), large.subarray(0, 3 * mib));
  const chunk = beginChunk(client, location, large.subarray(3 * mib, 4 * mib), 5 * mib);
  const images = Array.from({ length: 12 }, (_, index) => imageOf([randomBytes(100 + index), randomBytes(300_000 * (1 + (index % 3)))]));
  const pushes = images.map((image, index) =>
    client.pushImage('images', `v${index}`, image).then(
      () => 'acknowledged' as const,
      () => 'refused' as const,
    ),
  );
  await Promise.race(pushes);
  let outcomes: readonly ('acknowledged' | 'refused')[] = [];

  async function checkImages(): Promise<void> {
    for (const [index, image] of images.entries()) {
      const state = await wholeOrAbsent(client, 'images', `v${index}`, image);
      if (outcomes[index] === 'acknowledged') expect(state).toBe('whole');
      else await client.pushImage('images', `v${index}`, image); // Simply sent again.
    }
    for (const [index, image] of images.entries()) expect(await wholeOrAbsent(client, 'images', `v${index}`, image)).toBe('whole');
  }

  async function checkUpload(): Promise<void> {
    expect((await client.blob('large', digestOf(large))).status).toBe(404);
    const { offset, location: next } = await client.uploadStatus(location);
    expect(offset).toBeGreaterThanOrEqual(3 * mib);
    expect(offset).toBeLessThanOrEqual(4 * mib);
    const rest = await client.append(next, large.subarray(offset, 7 * mib), offset);
    expect((await client.finish(rest, digestOf(large), large.subarray(7 * mib))).status).toBe(201);
    expect((await client.blob('large', digestOf(large))).body.equals(large)).toBe(true);
  }

  return {
    settled: async () => {
      outcomes = await Promise.all(pushes);
      chunk.giveUp();
      await chunk.broken;
    },
    check: async () => {
      await checkImages();
      await checkUpload();
      expect(await drill.management.usedBytes(group, name)).toBe(bytesOf(images) + large.length);
    },
  };
}
