import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import dns from 'node:dns';
import tls from 'node:tls';
import { noteSkip, requireProgram } from '#lib/testkit';
import { finish, run, type Finished, type RunOptions } from './run.js';

const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
const newMountNamespace = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

/**
 * Whether this user may give programs a hosts file of their own; for `describe.skipIf(!requireLocalNames())`. Where not, as in
 * a container without the right to mount, that is listed at the end of the run.
 */
export function requireLocalNames(): boolean {
  if (!requireProgram('unshare')) return false;
  const tried = spawnSync('unshare', [...newMountNamespace, 'mount', '--bind', '/dev/null', '/etc/hosts']);
  if (tried.status === 0) return true;
  noteSkip('mount namespaces are not allowed here', 'run as root, in a container with --cap-add SYS_ADMIN');
  return false;
}

/**
 * Runs programs that believe names such as `myregistry.localhost` to be this machine, without touching the machine: in
 * a mount namespace of their own, with a hosts file of our own over /etc/hosts.
 */
export class LocalNames {
  readonly #hosts: string;

  constructor(folder: string, names: readonly string[]) {
    this.#hosts = join(folder, 'hosts');
    writeFileSync(this.#hosts, `127.0.0.1 localhost ${names.join(' ')}\n::1 localhost\n`);
  }

  /** The command line that runs a command line among these names; the process keeps its id. */
  wrap(command: string, args: readonly string[]): [string, string[]] {
    return ['unshare', [...newMountNamespace, 'bash', '-c', script, this.#hosts, command, ...args]];
  }

  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const [wrapped, all] = this.wrap(command, args);
    return run(wrapped, all, options);
  }

  finish(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    const [wrapped, all] = this.wrap(command, args);
    return finish(wrapped, all, options);
  }
}

/**
 * Lets unmodified client libraries in this process reach the service as they would reach a remote one: our authority
 * is trusted (what NODE_EXTRA_CA_CERTS does at start) and `*.localhost` resolves (what the hosts file does).
 */
export function trustLocalService(ca: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ca]);
  const lookup = dns.lookup as (...args: unknown[]) => void;
  dns.lookup = ((host: string, ...rest: unknown[]) =>
    lookup(host.endsWith('.localhost') ? '127.0.0.1' : host, ...rest)) as typeof dns.lookup;
}
