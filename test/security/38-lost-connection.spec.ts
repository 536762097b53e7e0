import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Drill } from '../drills/drill.js';
import { cutConnections, lastWordsOf, processesOf } from '../drills/lost-connections.js';
import { group, nameFor, wholeOrAbsent } from '../drills/scene.js';
import type { RegistryClient } from '../support/registry-client.js';

/** Three unless told otherwise: `REGATTA_DRILL_CUTS=100 npx vitest run test/security/38-lost-connection.spec.ts`. */
const cuts = Number(process.env['REGATTA_DRILL_CUTS'] ?? 3);

describe(`Every connection to Postgres cut ${cuts} times under pushes and creations`, { timeout: 120_000 + cuts * 10_000 }, () => {
  let drill: Drill;
  let client: RegistryClient;

  beforeAll(async () => {
    drill = await Drill.start();
    const name = nameFor('target');
    await drill.management.createRegistry(group, name);
    client = await drill.clientOf(group, name);
  });

  afterAll(() => drill?.stop());

  it('ends no process, loses nothing that was acknowledged, and is answered with nothing worse than 503', async () => {
    const before = processesOf(drill);
    expect(before).toHaveLength(5);

    const { images, registries, refusals, connectionsCut } = await cutConnections(drill, client, cuts);

    expect(lastWordsOf(drill)).toEqual([]);
    expect(processesOf(drill)).toEqual(before);
    expect([...refusals.keys()].filter((refusal) => refusal !== '503')).toEqual([]);
    for (const [tag, image] of images) expect(await wholeOrAbsent(client, 'images', tag, image)).toBe('whole');
    for (const name of registries) await drill.management.registryReady(group, name);
    if (process.env['REGATTA_DRILL_CUTS'])
      process.stderr.write(
        `${cuts} cuts, ${connectionsCut} connections: ${images.size} images and ${registries.length} registries, all there; refused: ${JSON.stringify([...refusals])}\n`,
      );
  });
});
