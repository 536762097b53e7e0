import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendants, privateMemory } from '../support/processes.js';
import { digestOf } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import { many, open } from './slow-clients-scene.js';

const MiB = 1024 * 1024;
/** Few unless told otherwise: `REGATTA_DRILL_READERS=40 npx vitest run test/drills/idle-readers.spec.ts` measures, and waits for the cut. */
const measured = process.env['REGATTA_DRILL_READERS'];
const count = Number(measured ?? 4);
const blob = randomBytes(20 * MiB);
const path = `/v2/read/blobs/${digestOf(blob)}`;
/** A reader may take nothing for two minutes. */
const cutSeconds = 150;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry('idlereaders');
  await registry.client.pushBlob('read', blob);
}, 180_000);
afterAll(() => registry?.remove());

/** The process they read from. */
const server = (): number =>
  descendants(registry.service.pid).find(
    ({ commandLine, environment }) => commandLine.includes('apps/data-plane/') && environment.includes('REGATTA_REGION=eastus'),
  )!.pid;
const files = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Asks for the blob, and takes no more than the beginning that comes at once. */
async function idleReader(): Promise<Socket> {
  const socket = await open(registry, `GET ${path}`);
  await once(socket, 'readable');
  return socket;
}

describe(`${count} readers that take nothing of 20 MiB`, { timeout: 300_000 }, () => {
  it('hold little memory, leave a blob to others, and are cut', async () => {
    const pid = server();
    // Whatever memory so many readers need for a moment is there before it is looked at.
    await many(count, () => registry.client.send('GET', path));
    const before = { memory: privateMemory(pid), files: files(pid) };
    const readers = await many(count, idleReader);
    for (let read = 0; read < (measured ? 10 : 1); read++) expect((await registry.client.send('GET', path)).body.length).toBe(blob.length);
    const grown = (privateMemory(pid) - before.memory) / MiB;
    if (measured) process.stderr.write(`${count} readers: ${grown.toFixed(1)} MiB more, ${files(pid) - before.files} more open files\n`);
    expect(readers.filter(({ closed }) => closed)).toEqual([]);
    if (measured) {
      expect(grown).toBeLessThanOrEqual(10);
      // Their own end does not see the cut before it has read what lies in between.
      await expect.poll(() => files(pid) - before.files, { timeout: cutSeconds * 1_000, interval: 500 }).toBeLessThan(count / 2);
    }
    for (const reader of readers) reader.destroy();
  });
});
