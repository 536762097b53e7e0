import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, imageOf, type Image, type RegistryClient } from '../support/registry-client.js';
import { Drill, type Part } from './drill.js';

const parts: readonly Part[] = ['data-plane', 'management-api', 'worker', 'postgres'];
const group = 'drills';
const mib = 1024 * 1024;

/** Sends the first part of a body and leaves the rest unsent, as a client does whose server dies. */
function beginChunk(client: RegistryClient, location: string, sent: Buffer, announced: number): { broken: Promise<void> } {
  const { url, loginServer, username, password } = client.registry;
  const broken = new Promise<void>((resolve) => {
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
    patch.on('error', () => resolve());
    patch.on('response', (response) => response.resume().on('close', () => resolve()));
    patch.write(sent, () => setTimeout(() => patch.destroy(), 3000).unref());
  });
  return { broken };
}

function bytesOf(images: readonly Image[]): number {
  const distinct = new Map<string, number>();
  for (const { manifest, blobs } of images) for (const bytes of [manifest, ...blobs]) distinct.set(digestOf(bytes), bytes.length);
  return [...distinct.values()].reduce((sum, size) => sum + size, 0);
}

/** Every tag names a whole image or nothing at all. */
async function wholeOrAbsent(client: RegistryClient, repository: string, tag: string, image: Image): Promise<'whole' | 'absent'> {
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

describe('kill -9', { timeout: 120_000 }, () => {
  let drill: Drill;

  beforeAll(async () => {
    drill = await Drill.start();
    await drill.management.createGroup(group);
  }, 180_000);

  afterAll(() => drill?.stop());

  function nameFor(what: string): string {
    return `${what.replaceAll(/[^a-z]/g, '')}${randomBytes(4).toString('hex')}`;
  }

  it.each(parts)('of %s during pushes leaves every image whole or absent, and uploads can go on', async (part) => {
    const name = nameFor(part);
    await drill.management.createRegistry(group, name);
    const client = await drill.clientOf(group, name);

    // One upload has 3 MiB acknowledged and is in the middle of its next chunk; images of all sizes are on their way.
    const large = randomBytes(8 * mib);
    const location = await client.append(await client.startUpload('large'), large.subarray(0, 3 * mib));
    const { broken } = beginChunk(client, location, large.subarray(3 * mib, 4 * mib), 5 * mib);
    const images = Array.from({ length: 12 }, (_, index) => imageOf([randomBytes(100 + index), randomBytes(300_000 * (1 + (index % 3)))]));
    const pushes = images.map((image, index) =>
      client.pushImage('images', `v${index}`, image).then(
        () => 'acknowledged' as const,
        () => 'refused' as const,
      ),
    );
    await Promise.race(pushes); // At least one is complete, most are not.
    const killed = drill.kill(part);
    const outcomes = await Promise.all(pushes);
    await broken;
    await drill.recovered(part, killed, client);

    for (const [index, image] of images.entries()) {
      const state = await wholeOrAbsent(client, 'images', `v${index}`, image);
      if (outcomes[index] === 'acknowledged') expect(state).toBe('whole');
    }
    expect((await client.blob('large', digestOf(large))).status).toBe(404);

    // What was refused is simply sent again, and the upload goes on where the service says.
    for (const [index, image] of images.entries()) if (outcomes[index] === 'refused') await client.pushImage('images', `v${index}`, image);
    const { offset, location: next } = await client.uploadStatus(location);
    expect(offset).toBeGreaterThanOrEqual(3 * mib);
    expect(offset).toBeLessThanOrEqual(4 * mib);
    const rest = await client.append(next, large.subarray(offset, 7 * mib), offset);
    expect((await client.finish(rest, digestOf(large), large.subarray(7 * mib))).status).toBe(201);
    expect((await client.blob('large', digestOf(large))).body.equals(large)).toBe(true);

    for (const [index, image] of images.entries()) expect(await wholeOrAbsent(client, 'images', `v${index}`, image)).toBe('whole');
    expect(await drill.management.usedBytes(group, name)).toBe(bytesOf(images) + large.length);
  });

  it.each(parts)('of %s during the creation of a registry ends in a registry or in none', async (part) => {
    const before = nameFor(`before${part}`);
    await drill.management.createRegistry(group, before);
    const client = await drill.clientOf(group, before);
    const names = Array.from({ length: 3 }, () => nameFor(`create${part}`));

    const answers = names.map((name) =>
      drill.management.startRegistry(group, name).then(
        ({ status, headers }) => ({ status, operation: headers['azure-asyncoperation'] }),
        () => null,
      ),
    );
    await Promise.race(answers);
    const killed = drill.kill(part);
    const started = await Promise.all(answers);
    await drill.recovered(part, killed, client);

    for (const [index, name] of names.entries()) {
      const answer = started[index];
      const { status } = await drill.management.send('GET', drill.management.registryPath(group, name));
      if (answer && answer.status < 300) expect(status).toBe(200);
      if (status === 404) await drill.management.startRegistry(group, name); // It never came to be: the name is free.
      await drill.management.registryReady(group, name);
      if (typeof answer?.operation === 'string' && answer.status < 300) {
        const operation = await drill.management.send('GET', answer.operation);
        expect(operation.json()).toMatchObject({ status: 'Succeeded' });
      }
      // It is a registry one can work with.
      const created = await drill.clientOf(group, name);
      await created.pushImage('first', 'v1', imageOf([Buffer.from(name)]));
    }
  });

  it.each(parts)('of %s during the deletion of a registry ends with nothing left of it', async (part) => {
    const name = nameFor(`delete${part}`);
    await drill.management.createRegistry(group, name);
    const client = await drill.clientOf(group, name);
    const images = Array.from({ length: 5 }, () => imageOf([randomBytes(1000), randomBytes(200_000)]));
    for (const [index, image] of images.entries()) await client.pushImage(`repository${index}`, 'v1', image);
    const other = nameFor('other');
    await drill.management.createRegistry(group, other);
    const neighbour = await drill.clientOf(group, other);
    await neighbour.pushImage('kept', 'v1', images[0] as Image); // The same bytes in a registry that stays.

    const answer = drill.management.send('DELETE', drill.management.registryPath(group, name)).then(
      ({ status }) => status,
      () => null,
    );
    if (part !== 'management-api') await answer;
    const killed = drill.kill(part);
    const status = await answer;
    await drill.recovered(part, killed, neighbour);

    if (status === null || status >= 500) await drill.management.deleteRegistry(group, name); // Nobody was told it would go.
    await drill.management.registryGone(group, name);
    await drill.eventually('the login server is gone', 40, async () => (await client.send('GET', '/v2/')).status === 404);
    expect(await wholeOrAbsent(neighbour, 'kept', 'v1', images[0] as Image)).toBe('whole');
    expect(await drill.management.usedBytes(group, other)).toBe(bytesOf([images[0] as Image]));

    // The name is free, and nothing of the old content shows under it.
    await drill.management.createRegistry(group, name);
    const reborn = await drill.clientOf(group, name);
    await drill.eventually('the new registry answers', 40, async () => (await reborn.send('GET', '/v2/_catalog')).status === 200);
    expect((await reborn.send('GET', '/v2/_catalog')).json()).toEqual({ repositories: [] });
    expect((await reborn.manifest('repository0', 'v1')).status).toBe(404);
    expect(await drill.management.usedBytes(group, name)).toBe(0);
  });

  it('of everything at once loses nothing that was acknowledged', async () => {
    const name = nameFor('powercut');
    await drill.management.createRegistry(group, name);
    const client = await drill.clientOf(group, name);
    const images = Array.from({ length: 4 }, () => imageOf([randomBytes(2000), randomBytes(2 * mib)]));
    for (const [index, image] of images.entries()) await client.pushImage('kept', `v${index}`, image);
    const large = randomBytes(3 * mib);
    const location = await client.append(await client.startUpload('kept'), large.subarray(0, 2 * mib));

    await drill.powerCut();

    await drill.eventually('the registry answers', 60, async () => (await client.send('GET', '/v2/')).status === 200);
    for (const [index, image] of images.entries()) expect(await wholeOrAbsent(client, 'kept', `v${index}`, image)).toBe('whole');
    const { offset, location: next } = await client.uploadStatus(location);
    expect(offset).toBe(2 * mib);
    expect((await client.finish(next, digestOf(large), large.subarray(offset))).status).toBe(201);
    expect(await drill.management.usedBytes(group, name)).toBe(bytesOf(images) + large.length);
  });
});
