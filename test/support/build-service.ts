import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';
import { projectRoot } from './service-process.js';

const mark = join(projectRoot, 'dist/apps/standalone/src/main.js');

/** Compiles the service when a source is newer than what was compiled: the tests of a run test the sources of that run. */
export async function buildService(): Promise<void> {
  if (existsSync(mark) && newestSource() <= newestOutput()) return;
  await run('npm', ['run', '--silent', 'build'], { cwd: projectRoot, timeoutSeconds: 500 });
}

function newestSource(): number {
  return Math.max(newest(join(projectRoot, 'apps'), /(?<!\.spec)\.ts$/), newest(join(projectRoot, 'libs'), /(?<!\.spec)\.ts$/));
}

function newestOutput(): number {
  return Math.max(newest(join(projectRoot, 'dist/apps'), /\.js$/), newest(join(projectRoot, 'dist/libs'), /\.js$/));
}

function newest(folder: string, name: RegExp): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && name.test(entry.name))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
