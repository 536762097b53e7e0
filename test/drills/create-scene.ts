import { expect } from 'vitest';
import { imageOf } from '../support/registry-client.js';
import type { Drill } from './drill.js';
import { group, nameFor, type Scene } from './scene.js';

/** Three registries are being created. */
export function createScene(drill: Drill): Scene {
  const names = Array.from({ length: 3 }, () => nameFor('create'));
  const requests = names.map((name) => drill.management.startRegistry(group, name).catch(() => null));
  let answers: Awaited<(typeof requests)[number]>[] = [];

  async function checkOne(name: string, answer: (typeof answers)[number]): Promise<void> {
    const { management } = drill;
    const accepted = answer !== null && answer.status < 300;
    const { status } = await management.send('GET', management.registryPath(group, name));
    if (accepted) expect(status).toBe(200);
    if (status === 404) await management.startRegistry(group, name); // It never came to be: the name is free.
    await management.registryReady(group, name);
    const operation = answer?.headers['azure-asyncoperation'];
    if (accepted && typeof operation === 'string') {
      expect((await management.send('GET', operation)).json()).toMatchObject({ status: 'Succeeded' });
    }
    const client = await drill.clientOf(group, name); // It is a registry one can work with.
    await client.pushImage('first', 'v1', imageOf([Buffer.from(name)]));
  }

  return {
    settled: async () => {
      answers = await Promise.all(requests);
    },
    check: async () => {
      for (const [index, name] of names.entries()) await checkOne(name, answers[index] ?? null);
    },
  };
}
