import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { noteSkip } from './programs.js';

interface Toolchain {
  /** Prints its version; fails where the tests could not use it. */
  check: readonly [string, ...string[]];
  /** The first version that will do. */
  least: readonly [number, number];
  remedy: string;
}

/** Languages of client libraries. A test that needs one runs where it is installed, and counts as no skip elsewhere. */
const toolchains = {
  go: { check: ['go', 'version'], least: [1, 25], remedy: 'install Go 1.25 or newer and put it on the PATH' },
  python3: {
    check: ['python3', '-c', 'import ensurepip, sys, venv; print(sys.version)'],
    least: [3, 10],
    remedy: 'apt-get install -y --no-install-recommends python3 python3-venv',
  },
} as const satisfies Record<string, Toolchain>;

export type ToolchainName = keyof typeof toolchains;

/**
 * Whether a toolchain is there; for `describe.skipIf(!requireTool('go'))`. Where it is not, the end of the run says in one line
 * what would make the tests of this file run, and a strict run accepts that.
 */
export function requireTool(name: ToolchainName): boolean {
  const { check, least, remedy }: Toolchain = toolchains[name];
  const [command, ...args] = check;
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0 && isAtLeast(stdout, least)) return true;
  noteSkip(`${name} ${least.join('.')} is not installed`, remedy, { acceptedIn: expect.getState().testPath });
  return false;
}

/** Whether the first version in a text is `least` or newer. */
export function isAtLeast(text: string, [major, minor]: readonly [number, number]): boolean {
  const [, first = -1, second = -1] = (/(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  return first > major || (first === major && second >= minor);
}
