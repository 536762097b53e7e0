// Builds the apps when a source has changed since the last build: by content, not by date, so that a checkout of another
// branch and back, or a copy of the tree, costs nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const apps = ['management-api', 'data-plane', 'worker', 'standalone'];
const settings = ['package.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

/** @param {string} root */
export async function buildIfStale(root) {
  if (!existsSync(join(root, 'apps', 'standalone', 'src'))) return; // An image holds only what was built.
  const stamp = join(root, 'dist', '.sources');
  const lock = join(root, 'dist', '.building');
  mkdirSync(join(root, 'dist'), { recursive: true });
  await take(lock);
  try {
    const sources = fingerprint(root);
    const missing = apps.some((app) => !existsSync(join(root, 'dist', 'apps', app, 'src', 'main.js')));
    if (!missing && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
    // The compiler writes only what it believes has changed: without output its memory is wrong.
    if (missing) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
    rmSync(stamp, { force: true });
    build(root);
    writeFileSync(stamp, sources);
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} root */
function build(root) {
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  if (!existsSync(nest))
    throw new BuildError('There is no build here, and the build tools are not installed. Run "npm ci" without --omit=dev.');
  process.stderr.write('regatta: building …\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, [nest, 'build', 'management-api'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new BuildError(`The build failed:\n${stdout}${stderr}`);
}

/** @param {string} root */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const name of settings) hash.update(readFileSync(join(root, name)));
  for (const folder of ['apps', 'libs']) {
    for (const file of sourceFiles(join(root, folder))) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** @param {string} folder @returns {string[]} */
function sourceFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Two starts at once must not build into one folder at once. @param {string} lock */
async function take(lock) {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (isHeld(lock)) await sleep(100);
      else rmSync(lock, { force: true });
    }
  }
}

/** @param {string} lock */
function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid > 0) return process.kill(pid, 0);
    return Date.now() - statSync(lock).mtimeMs < 5_000; // Made this moment, and not written yet.
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The tree cannot be built; the message is for people. */
export class BuildError extends Error {}
