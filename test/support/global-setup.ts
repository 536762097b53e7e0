import { existsSync, mkdtempSync, readFileSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithUs } from '../../libs/testkit/src/programs/ends-with-us.js';
import { stopProcess } from './processes.js';
import { pidFile } from './service-process.js';
import { sharedFolderVariable, sharedHome } from './shared-service.js';

/** Gives the run a folder for the service its spec files share, and stops that service, if any, after the last file. */
export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-shared-service-'));
  chmodSync(folder, 0o755); // The embedded Postgres runs as another user when we are root, and must reach its data.
  process.env[sharedFolderVariable] = folder;
  endsWithUs(pidFile(sharedHome(folder)), folder, 'TERM');
  return async () => {
    // Also one that was still starting when the run ended.
    const file = pidFile(sharedHome(folder));
    if (existsSync(file)) await stopProcess(Number(readFileSync(file, 'utf8')));
    rmSync(folder, { recursive: true, force: true });
  };
}
