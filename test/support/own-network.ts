import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { findProgram, noteSkip, requireProgram } from '#lib/testkit';
import { finish, run, type Finished, type RunOptions } from './run.js';

const asRoot = process.getuid?.() === 0;
const namespaces = asRoot ? ['--net', '--mount'] : ['--map-root-user', '--net', '--mount'];
const enterings = asRoot ? ['--net', '--mount'] : ['--user', '--preserve-credentials', '--net', '--mount'];

/** Run inside: listens where the service does outside, and hands every connection to the socket of that port. */
const forwarder = `
  import { connect, createServer } from 'node:net';
  const [folder, ...ports] = process.argv.slice(1);
  for (const port of ports) {
    const server = createServer((from) => {
      const to = connect(folder + '/' + port + '.sock');
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      to.on('error', () => from.destroy()).on('close', () => from.destroy());
      from.pipe(to).pipe(from);
    });
    await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
  }
  console.log('ready');
`;
const script = 'mount --bind "$0" /etc/hosts && ip link set lo up && exec "$@"';

/**
 * Whether this user may make networks; for `describe.skipIf(!requireOwnNetwork())`. Where not, as in a container without the
 * right to, that is listed at the end of the run.
 */
export function requireOwnNetwork(): boolean {
  if (!requireProgram('unshare', 'nsenter', 'ip')) return false;
  const tried = spawnSync('unshare', [...namespaces, 'bash', '-c', script, '/dev/null', 'true'], { env: withSbin() });
  if (tried.status === 0) return true;
  noteSkip('network namespaces are not allowed here', 'run as root, in a container with --cap-add SYS_ADMIN');
  return false;
}

/**
 * A network in which there is nothing but this machine's loopback, and of that nothing but some ports: a program that calls
 * anything else fails. Names such as `myregistry.localhost` are this machine there.
 */
export class OwnNetwork {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly servers: readonly Server[],
  ) {}

  /** @param folder a folder of the caller's own, for the sockets and the hosts file. */
  static async make(folder: string, ports: readonly number[], names: readonly string[]): Promise<OwnNetwork> {
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`);
    const servers = await Promise.all(ports.map((port) => forward(join(folder, `${port}.sock`), port)));
    const node = [process.execPath, '--input-type=module', '--eval', forwarder, folder, ...ports.map(String)];
    const holder = spawn('unshare', [...namespaces, 'bash', '-c', script, hosts, ...node], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: withSbin(),
    });
    const ended = once(holder, 'exit').then(() => Promise.reject(new Error('The network could not be made.')));
    await Promise.race([once(holder.stdout!, 'data'), ended]);
    ended.catch(() => undefined); // It ends when it is told to.
    return new OwnNetwork(holder, servers);
  }

  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run('nsenter', this.#enter(command, args), options);
  }

  finish(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return finish('nsenter', this.#enter(command, args), options);
  }

  async close(): Promise<void> {
    if (this.holder.exitCode === null && this.holder.kill('SIGKILL')) await once(this.holder, 'exit');
    for (const server of this.servers) server.close();
  }

  #enter(command: string, args: readonly string[]): string[] {
    return ['--target', String(this.holder.pid), ...enterings, findProgram(command) ?? command, ...args];
  }
}

/** Hands connections to a Unix socket, which every network shares, to a port of this machine. */
async function forward(path: string, port: number): Promise<Server> {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
    to.on('error', () => from.destroy()).on('close', () => from.destroy());
    from.pipe(to).pipe(from);
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

const withSbin = () => ({ ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` });
