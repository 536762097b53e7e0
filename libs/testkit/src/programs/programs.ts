import { accessSync, appendFileSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs npm cannot bring, and the line that installs each. */
export const programs = {
  'redis-server': 'apt-get install -y --no-install-recommends redis-server',
  skopeo: 'apt-get install -y --no-install-recommends skopeo',
  buildah: 'apt-get install -y --no-install-recommends buildah runc uidmap',
  podman: 'apt-get install -y --no-install-recommends podman runc uidmap',
  runc: 'apt-get install -y --no-install-recommends runc',
  dockerd: 'apt-get install -y --no-install-recommends docker.io containerd',
  docker: 'apt-get install -y --no-install-recommends docker.io',
  az: 'apt-get install -y --no-install-recommends azure-cli',
  curl: 'apt-get install -y --no-install-recommends curl',
  busybox: 'apt-get install -y --no-install-recommends busybox-static',
  unshare: 'apt-get install -y --no-install-recommends util-linux',
  nsenter: 'apt-get install -y --no-install-recommends util-linux',
  ip: 'apt-get install -y --no-install-recommends iproute2',
  chromium: 'apt-get install -y --no-install-recommends chromium',
} as const satisfies Record<string, string>;

export type Program = keyof typeof programs;

/** Where skips are noted for the summary at the end of the run. */
const skipsFile = process.env['REGATTA_TEST_SKIPS'];

/** The full path of a program on this machine, or null. */
export function findProgram(name: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    try {
      const file = join(folder, name);
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return null;
}

/**
 * Whether every one of these programs is installed; for `describe.skipIf(!requireProgram('skopeo'))`. What is missing is listed
 * at the end of the run with the line that installs it.
 */
export function requireProgram(...names: Program[]): boolean {
  const missing = names.filter((name) => findProgram(name) === null);
  for (const name of missing) noteSkip(`${name} is not installed`, programs[name]);
  return missing.length === 0;
}

/** What is listed at the end of a run as skipped. */
export interface SkipNote {
  why: string;
  remedy: string;
  /** The spec file whose skipped tests a strict run accepts, since what they need is not to be had everywhere. */
  acceptedIn?: string | undefined;
}

/** Lists something as skipped at the end of the run: why, and what would make it run. */
export function noteSkip(why: string, remedy: string, { acceptedIn }: Pick<SkipNote, 'acceptedIn'> = {}): void {
  if (skipsFile) appendFileSync(skipsFile, `${JSON.stringify({ why, remedy, acceptedIn } satisfies SkipNote)}\n`);
}
