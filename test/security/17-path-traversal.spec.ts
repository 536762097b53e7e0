import { readdir } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileBucket } from '#lib/platform';
import { digestOf, Pusher } from '../../apps/data-plane/test/images.js';
import { Installation, type TestRegion, type TestRegistry } from '../../apps/data-plane/test/installation.js';

/** Names that a file system, a proxy or a second decoder would read as something else. */
const crafted = [
  ...['..', '.', '../..', '../../../etc/passwd', 'a/../b', 'a/./b', 'a//b', '/a', 'a/'],
  ...['%2e%2e', '%2E%2E%2F%2E%2E', '..%2f..%2fetc', 'a%2f..%2fb', '%2fetc%2fpasswd', '%252e%252e%252f', '%25%32%65', '%%32%65'],
  ...['%00', 'a%00b', 'a%0ab', 'a%0d%0ab', '%7f', '%5c..%5c', 'a%5cb', '..;', '..%3b', '%c0%ae%c0%ae', '%c0%af', '%e0%80%ae', '%ff'],
  ...[
    '%EF%BC%8E%EF%BC%8E',
    '%E2%80%A4%E2%80%A4',
    'caf%C3%A9',
    'cafe%CC%81',
    '%E2%80%AEa',
    'A',
    '~',
    '$HOME',
    '`id`',
    '-',
    '_a',
    'a_',
    'CON',
  ],
  ...['a'.repeat(256), 'a/'.repeat(128), 'a'.repeat(8000), '%61'.repeat(2000)],
];

let installation: Installation;
let region: TestRegion;
let registry: TestRegistry;
let folder: string;

beforeAll(async () => {
  installation = await Installation.create();
  registry = await installation.registry('traversal');
  region = await installation.start();
  folder = join(installation.folder, 'buckets');
});
afterAll(() => installation?.destroy());

async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('A crafted path', () => {
  it.each(['host', 'path'] as const)(
    'is refused with 4xx wherever a name stands (%s style), and no file or row comes of it',
    async (style) => {
      const client = new Pusher(region.http, registry, style);
      const bytes = randomBytes(100_000);
      const digest = digestOf(bytes);
      await client.blob('app', bytes);
      const before = await filesUnder(folder);
      const names = () => installation.database.dataSource.query('SELECT name FROM content.repositories ORDER BY name');
      const repositories = await names();
      const v2 = `/v2/${client.prefix}`;
      for (const name of crafted) {
        const requests: [string, string][] = [
          ['GET', `${v2}app/manifests/${name}`],
          ['GET', `${v2}app/blobs/${name}`],
          ['GET', `${v2}app/blobs/sha256:${name}`],
          ['GET', `${v2}app/blobs/${digest}/../${name}`],
          ['GET', `${v2}app/referrers/${name}`],
          ['GET', `${v2}app/blobs/uploads/${name}`],
          ['PATCH', `${v2}app/blobs/uploads/${name}`],
          ['PUT', `${v2}app/blobs/uploads/${name}?digest=${digest}`],
          ['DELETE', `${v2}app/blobs/uploads/${name}`],
          ['PUT', `${v2}app/blobs/uploads/${randomUUID()}?digest=sha256:${encodeURIComponent(name)}`],
          ['GET', `${v2}${name}/blobs/${digest}`],
          ['PUT', `${v2}${name}/manifests/v1`],
        ];
        for (const [method, path] of requests) {
          const answer = await client.send(method, path, {}, method === 'PUT' ? 'x' : undefined);
          expect(answer.status, `${method} ${path.slice(0, 120)}`).toBeGreaterThanOrEqual(400);
          expect(answer.status, `${method} ${path.slice(0, 120)}`).toBeLessThan(500);
        }
      }
      expect(await filesUnder(folder)).toEqual(before);
      expect(await names()).toEqual(repositories);
    },
    60_000,
  );
});

describe('The bucket in a folder', () => {
  it('takes no key and no upload id that it did not make itself', async () => {
    const root = await mkdtemp(join(tmpdir(), 'regatta-traversal-'));
    const bucket = new FileBucket(join(root, 'inside'));
    const id = randomUUID();
    try {
      for (const name of [
        '..',
        '../../x',
        '/etc/passwd',
        `blobs/sha256/../${'a'.repeat(64)}`,
        `${id}/../x`,
        id.toUpperCase(),
        `${id}\0`,
        '',
      ]) {
        const attempts: Record<string, () => Promise<unknown>> = {
          open: () => bucket.open(name),
          stat: () => bucket.stat(name),
          delete: () => bucket.delete(name),
          promote: () => bucket.promote(id, name),
          openPart: () => bucket.openPart(name, 0),
          deletePart: () => bucket.deletePart(name),
          readPart: () => bucket.readPart(name, 0, 1).next(),
        };
        for (const [what, attempt] of Object.entries(attempts)) {
          await expect(Promise.resolve().then(attempt), `${what} of ${JSON.stringify(name)}`).rejects.toThrow(TypeError);
        }
      }
      expect(await filesUnder(root)).toEqual([]);
    } finally {
      await bucket.close();
      await rm(root, { recursive: true, force: true });
    }
  });
});
