import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection, type Target } from '../load/connection.js';
import { freePort, startProgram, until } from './spawned.js';
import { makeTokenIssuer } from './reference-tokens.js';
import type { Subject } from './subject.js';

export const referenceInstallLine = 'apt-get install --no-install-recommends docker-registry';

/** The version line of the installed docker-registry, or null. */
export function referenceVersion(): string | null {
  const { error, stdout } = spawnSync('docker-registry', ['--version'], { encoding: 'utf8' });
  return error ? null : stdout.trim();
}

export interface ReferenceOptions {
  readonly folder: string;
  /** Started with token authentication: its normal case in a service, measured in rows of their own. */
  readonly tokens: boolean;
  /** Go's garbage collection target, 100 unless said. */
  readonly gogc?: number;
}

/**
 * docker-registry in its fastest stock form: file system, blob descriptors in memory, no access log, only errors
 * logged, loopback, no authentication unless asked for. It is started on the folder given, so that a second process
 * can serve what a first one has stored.
 */
export async function startReference(options: ReferenceOptions): Promise<Subject> {
  const port = await freePort();
  const data = join(options.folder, 'data');
  mkdirSync(data, { recursive: true });
  const issuer = options.tokens ? await makeTokenIssuer(options.folder) : null;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: data },
      cache: { blobdescriptor: 'inmemory' },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: `127.0.0.1:${port}`, secret: 'regatta-bench' },
    ...(issuer ? { auth: { token: issuer.settings } } : {}),
  };
  const name = options.tokens ? 'reference-tokens' : 'reference';
  const file = join(options.folder, `${name}.yml`);
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML.
  const program = startProgram('docker-registry', ['serve', file], {
    logFile: join(options.folder, `${name}.log`),
    env: options.gogc ? { GOGC: String(options.gogc) } : {},
  });
  const address: Target = { address: '127.0.0.1', port, host: `127.0.0.1:${port}` };
  await until('docker-registry', program, async () => {
    const connection = await Connection.open(address);
    const { status } = await connection.request({ method: 'GET', path: '/v2/' });
    connection.close();
    return status === 200 || status === 401;
  });
  return {
    name: 'reference',
    durability: 'fsync of the blob and of each of its small link files before 201; no fsync of directories',
    pid: program.pid,
    target: async (scopes) => (issuer ? { ...address, authorization: issuer.bearer(scopes) } : address),
    stop: () => program.stop(),
  };
}
