// The Node that package.json pins, wherever npm put it: the machine's own may be older.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const packages = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];

/** @param {string} root */
function pinnedVersion(root) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const name = packages.find((candidate) => candidate in optionalDependencies);
  return name ? { name, version: optionalDependencies[name] } : undefined;
}

/**
 * Whether this process runs on the pinned Node, or may as well: there is none for this platform, and this one is not older.
 * @param {string} root
 */
export function isPinnedNode(root) {
  const pinned = pinnedVersion(root);
  const major = Number(process.versions.node.split('.')[0]);
  if (!pinned) return major >= 26;
  return process.versions.node === pinned.version || (major >= 26 && !existsSync(nodeOf(root, pinned.name)));
}

/**
 * Runs the program with the pinned Node, hands signals on, and ends as it ends.
 * @param {string} root
 * @param {string[]} args
 */
export function runWithPinnedNode(root, args) {
  const pinned = pinnedVersion(root);
  const node = pinned && nodeOf(root, pinned.name);
  if (!node || !existsSync(node)) {
    process.stderr.write(
      `regatta: Node ${process.versions.node} is too old, and the pinned one is not installed. Run "npm ci" without --omit=optional, or use Node 26.\n`,
    );
    process.exit(1);
  }
  const child = spawn(node, args, { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself: it is in our process group. A signal sent to us alone is handed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

/** @param {string} root @param {string} name */
function nodeOf(root, name) {
  return join(root, 'node_modules', name, 'bin', 'node');
}
