// What `npm start` runs: brings the pinned Node and a fresh build, then the standalone app. Arguments go to that.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BuildError, buildIfStale } from './build-if-stale.mjs';
import { isPinnedNode, runWithPinnedNode } from './pinned-node.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!existsSync(join(root, 'node_modules', 'fastify'))) {
  process.stderr.write('regatta: the dependencies are not installed. Run "npm ci" first.\n');
  process.exit(1);
}
if (isPinnedNode(root)) {
  await buildIfStale(root).catch((error) => {
    if (!(error instanceof BuildError)) throw error;
    process.stderr.write(`regatta: ${error.message}\n`);
    process.exit(1);
  });
  await import(join(root, 'dist', 'apps', 'standalone', 'src', 'main.js'));
} else {
  runWithPinnedNode(root, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
