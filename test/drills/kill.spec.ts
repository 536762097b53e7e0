import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, imageOf, type RegistryClient } from '../support/registry-client.js';
import { createScene } from './create-scene.js';
import { deleteScene } from './delete-scene.js';
import { Drill, type Part } from './drill.js';
import { pushScene } from './push-scene.js';
import { bytesOf, group, nameFor, wholeOrAbsent } from './scene.js';

const parts: readonly Part[] = ['data-plane', 'management-api', 'worker', 'postgres'];
const mib = 1024 * 1024;

describe('kill -9', { timeout: 180_000 }, () => {
  let drill: Drill;
  let bystander: RegistryClient;

  beforeAll(async () => {
    drill = await Drill.start();
    const name = nameFor('bystander');
    await drill.management.createGroup(group);
    await drill.management.createRegistry(group, name);
    bystander = await drill.clientOf(group, name);
  });

  afterAll(() => drill?.stop());

  it.each(parts)('of %s during pushes, creations and a deletion: each ends whole or not at all, and goes on', async (part) => {
    // Prepared in this order, so that all of them are under way at the end.
    const deleting = await deleteScene(drill);
    const pushing = await pushScene(drill);
    const creating = createScene(drill);
    const killed = drill.kill(part);
    const scenes = [pushing, creating, deleting];
    await Promise.all(scenes.map((scene) => scene.settled()));

    await drill.recovered(part, killed, bystander);

    await Promise.all(scenes.map((scene) => scene.check()));
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
