import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { imageOf, type Image } from '../support/registry-client.js';
import type { Drill } from './drill.js';
import { bytesOf, group, nameFor, wholeOrAbsent, type Scene } from './scene.js';

/** A registry with content is being deleted; a neighbour holds some of the same bytes. */
export async function deleteScene(drill: Drill): Promise<Scene> {
  const { management } = drill;
  const name = nameFor('delete');
  const other = nameFor('other');
  await Promise.all([name, other].map((each) => management.createRegistry(group, each)));
  const [client, neighbour] = await Promise.all([drill.clientOf(group, name), drill.clientOf(group, other)]);
  const images = Array.from({ length: 5 }, () => imageOf([randomBytes(1000), randomBytes(200_000)]));
  const shared = images[0] as Image;
  for (const [index, image] of images.entries()) await client.pushImage(`repository${index}`, 'v1', image);
  await neighbour.pushImage('kept', 'v1', shared);
  const deletion = management.send('DELETE', management.registryPath(group, name)).catch(() => null);
  let accepted = false;

  return {
    settled: async () => {
      const answer = await deletion;
      accepted = answer !== null && answer.status < 300;
    },
    check: async () => {
      // Where nobody was told that it goes, it may be there still: whole, and free to be deleted.
      if (!accepted) await management.deleteRegistry(group, name);
      await management.registryGone(group, name);
      await drill.eventually('the login server is gone', 40, async () => (await client.send('GET', '/v2/')).status === 404);
      expect(await wholeOrAbsent(neighbour, 'kept', 'v1', shared)).toBe('whole');
      expect(await management.usedBytes(group, other)).toBe(bytesOf([shared]));

      // The name is free, and nothing of the old content shows under it.
      await management.createRegistry(group, name);
      const reborn = await drill.clientOf(group, name);
      await drill.eventually('the new registry answers', 40, async () => (await reborn.send('GET', '/v2/_catalog')).status === 200);
      expect((await reborn.send('GET', '/v2/_catalog')).json()).toEqual({ repositories: [] });
      expect((await reborn.manifest('repository0', 'v1')).status).toBe(404);
      expect(await management.usedBytes(group, name)).toBe(0);
    },
  };
}
