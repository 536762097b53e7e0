import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithUs } from './ends-with-us.js';

/** True on machines where every program is there (`.ci/run` installs them): nothing may be skipped, nothing may be left. */
export const strict = process.env['REGATTA_TEST_STRICT'] === '1' || process.env['CI'] === 'true';

const prefix = 'regatta-run-';
const variable = 'REGATTA_TEST_RUN_FOLDER';

/**
 * The folder for everything temporary of this test run: TMPDIR of the specs and of all they start. It goes when the run ends, however
 * it ends; what an earlier run could not remove goes now.
 * Specs that leave folders of theirs in it are a failure where tests are strict.
 */
export function runFolder(): string {
  const known = process.env[variable];
  if (known) return known;
  removeAbandoned(tmpdir());
  const folder = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(folder, 0o755); // As root, Postgres runs as somebody else who must get in.
  writeFileSync(ownerOf(folder), String(process.pid));
  process.env[variable] = folder;
  process.env['TMPDIR'] = folder;
  endsWithUs(null, folder, 'TERM');
  process.once('exit', () => {
    const left = readdirSync(folder).filter((name) => name.startsWith('regatta-'));
    if (left.length === 0) return rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    // What ends with us finds its processes by files in there: whoever watches us removes it, a moment later.
    process.stdout.write(`\nSpecs left folders behind: ${left.join(', ')}\n`);
    if (strict) process.exitCode = 1;
  });
  return folder;
}

const ownerOf = (folder: string): string => join(folder, 'owner');

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(parent, name);
    if (isAbandoned(folder)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** True if the run that made it has ended. One without an owner is being made. */
function isAbandoned(folder: string): boolean {
  try {
    const owner = Number(readFileSync(ownerOf(folder), 'utf8'));
    if (!Number.isInteger(owner) || owner <= 0) return false;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
