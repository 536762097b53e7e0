import { execFileSync, spawnSync, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { EmbeddedPostgresError } from './failure.js';

/** The user Postgres runs as, and how a program is started as that user. */
export interface Account {
  uid: number;
  gid: number;
  name: string;
  /** Command line and spawn options that start `program` as this user. */
  command(program: string, args: string[]): { file: string; args: string[]; options: Pick<SpawnOptions, 'uid' | 'gid' | 'env'> };
}

interface User {
  name: string;
  uid: number;
  gid: number;
}

/** Users root may drop to, best first. */
const unprivilegedUsers = ['postgres', 'nobody'];

/**
 * With these two capabilities Postgres passes directories that only root may enter, such as a checkout in /root. Without
 * `no_setuid_fixup` the kernel would ignore them in access(2), which Postgres uses to look at its own binary.
 */
const capabilities = '-all,+dac_override,+dac_read_search';

/** Postgres refuses to run as root: whoever we are, this says who runs it. `paths` are what that user must be able to enter. */
export function chooseAccount(paths: string[], owner?: number): Account {
  const uid = process.geteuid?.();
  if (uid !== 0) return self(uid ?? -1);
  const users = unprivilegedUsers.map(findUser).filter((user) => user !== undefined);
  const user = users.find((candidate) => candidate.uid === owner) ?? users[0];
  if (!user) {
    throw new EmbeddedPostgresError(
      'Postgres does not run as root, and there is neither a user "postgres" nor "nobody" to run it as. Start as another user, or set DATABASE_URL.',
    );
  }
  const closed = paths.filter((path) => !canEnter(user, path));
  if (closed.length === 0) return dropped(user);
  const privileged = withCapabilities(user);
  if (privileged && paths.every((path) => privilegedCanEnter(privileged, path))) return privileged;
  throw new EmbeddedPostgresError(
    `Postgres does not run as root, and the user "${user.name}" cannot enter ${closed.join(' nor ')}. ` +
      `Move the project to a folder that other users may enter (for example /opt), or set REGATTA_HOME to such a folder, start as another user, install setpriv (util-linux), or set DATABASE_URL.`,
  );
}

/** Whether root may use a data directory of this owner: one that was made while dropping to an unprivileged user. */
export function isUnprivileged(uid: number): boolean {
  return unprivilegedUsers.some((name) => findUser(name)?.uid === uid);
}

/** Of our environment what a program needs to be found and to speak: the rest holds settings of ours, secrets among them. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const plain = /^(PATH|HOME|TZ|TZDIR|TMPDIR|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => plain.test(name)));
}

function self(uid: number): Account {
  return {
    uid,
    gid: process.getegid?.() ?? -1,
    name: `uid ${uid}`,
    command: (file, args) => ({ file, args, options: { env: plainEnvironment() } }),
  };
}

function dropped(user: User): Account {
  return { ...user, command: (file, args) => ({ file, args, options: { uid: user.uid, gid: user.gid, env: plainEnvironment() } }) };
}

function withCapabilities(user: User): Account | undefined {
  if (process.platform !== 'linux' || spawnSync('setpriv', ['--version']).status !== 0) return undefined;
  const prefix = [
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${capabilities}`,
    `--ambient-caps=${capabilities}`,
    `--bounding-set=${capabilities}`,
  ];
  return {
    ...user,
    command: (file, args) => ({ file: 'setpriv', args: [...prefix, file, ...args], options: { env: plainEnvironment() } }),
  };
}

function canEnter(user: User, path: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -r "$0" && test -x "$0"', path], { uid: user.uid, gid: user.gid, cwd: '/' }).status === 0;
}

function privilegedCanEnter(account: Account, path: string): boolean {
  const { file, args } = account.command('/bin/sh', ['-c', 'test -r "$0" && test -x "$0"', path]);
  return spawnSync(file, args, { cwd: '/' }).status === 0;
}

function findUser(name: string): User | undefined {
  if (process.platform === 'linux') return fromPasswd(readFileSync('/etc/passwd', 'utf8'), name);
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function fromPasswd(passwd: string, name: string): User | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  return fields ? { name, uid: Number(fields[2]), gid: Number(fields[3]) } : undefined;
}
