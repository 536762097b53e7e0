import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busyboxContext, busyboxSays } from '../support/busybox-image.js';
import { noteSkip, requireProgram } from '#lib/testkit';
import { finish } from '../support/run.js';
import { greetingOf } from '../support/service-process.js';
import { requireLocalNames } from '../support/local-names.js';
import { testRegistry, ways, type TestRegistry } from '../support/test-registry.js';

/** A Docker engine needs root; where we are not, that is listed at the end of the run. */
function mayRunDockerd(): boolean {
  if (process.getuid?.() === 0) return true;
  noteSkip('dockerd needs root', 'run the tests as root');
  return false;
}

/** A Docker engine of our own: its data, its socket and its log in one folder, no network of its own. */
async function startEngine(registry: TestRegistry, folder: string): Promise<{ engine: ChildProcess; socket: string }> {
  await mkdir(folder);
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const [command, args] = registry.names.wrap('dockerd', [
    ...['--iptables=false', '--ip6tables=false', '--bridge=none', '--exec-opt', 'native.cgroupdriver=cgroupfs'],
    ...['--default-ulimit', 'nofile=1024:4096', '--default-ulimit', 'nproc=4096:4096'],
    ...[
      '--data-root',
      join(folder, 'data'),
      '--exec-root',
      join(folder, 'exec'),
      '--pidfile',
      join(folder, 'docker.pid'),
      '--host',
      socket,
    ],
  ]);
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const engine = spawn(command, args, { stdio: ['ignore', log, log], env: { ...process.env, SSL_CERT_FILE: registry.service.caFile } });
  closeSync(log);
  for (let attempt = 0; attempt < 150; attempt++) {
    if (engine.exitCode !== null) break;
    if ((await finish('docker', ['--host', socket, 'version'])).code === 0) return { engine, socket };
    await sleep(200);
  }
  throw new Error(`dockerd did not start:\n${await readFile(join(folder, 'dockerd.log'), 'utf8')}`);
}

describe.skipIf(!mayRunDockerd() || !requireProgram('dockerd', 'docker', 'runc', 'busybox') || !requireLocalNames())('docker', () => {
  let registry: TestRegistry;
  let engine: ChildProcess;
  let socket: string;

  beforeAll(async () => {
    registry = await testRegistry('docker');
    ({ engine, socket } = await startEngine(registry, join(registry.folder, 'engine')));
  });

  afterAll(async () => {
    if (engine && engine.exitCode === null) {
      engine.kill('SIGTERM');
      await new Promise((resolve) => engine.once('exit', resolve));
    }
    await registry?.remove();
  });

  const docker = (...args: string[]): Promise<string> =>
    registry.names.run('docker', ['--config', join(registry.folder, 'docker-config'), '--host', socket, ...args], {
      env: { DOCKER_BUILDKIT: '0' },
    });

  it.each(ways)('logs in, builds, pushes, pulls and runs an image $title', async (way) => {
    const repository = `docker/${way.https ? 's' : 'p'}${way.pathStyle ? 'path' : 'host'}`;
    const prefix = registry.prefix(way);
    const reference = `${prefix}/${repository}:v1`;
    const server = prefix.split('/')[0] as string;
    const context = await busyboxContext(join(registry.folder, 'context'));
    expect(await docker('login', '--username', registry.name, '--password', registry.password, server)).toContain('Login Succeeded');

    await docker('build', '--quiet', '--network', 'none', '--tag', reference, context);
    const id = (await docker('image', 'inspect', '--format', '{{.Id}}', reference)).trim();
    await docker('push', '--quiet', reference);
    // The engine mounts what it knows to be in another repository.
    const second = `${prefix}/${repository}-second:v1`;
    await docker('tag', reference, second);
    const path = `${prefix}/${repository}`.slice(server.length + 1);
    expect(await docker('push', second)).toContain(`Mounted from ${path}`);
    await docker('image', 'rm', '--force', id);
    await docker('pull', '--quiet', reference);
    expect((await docker('image', 'inspect', '--format', '{{.Id}}', reference)).trim()).toBe(id);
    expect(await docker('run', '--rm', '--network', 'none', reference)).toBe(busyboxSays);

    const manifest = await registry.client.manifest(repository, 'v1');
    expect(manifest.headers['content-type']).toBe('application/vnd.docker.distribution.manifest.v2+json');
    const digests = await docker('image', 'inspect', '--format', '{{index .RepoDigests 0}}', reference);
    expect(digests.trim()).toBe(`${prefix}/${repository}@${String(manifest.headers['docker-content-digest'])}`);
    await docker('image', 'rm', '--force', id);
  });

  it('does what the start of the service tells people to type', async () => {
    const greeting = greetingOf(registry.service);
    const { createRegistry, logIn, push } = greeting?.commands ?? expect.fail('The start printed nothing.');
    const type = (line: string): Promise<string> =>
      registry.names.run('bash', ['-euo', 'pipefail', '-c', line], {
        env: { DOCKER_HOST: socket, DOCKER_CONFIG: join(registry.folder, 'typed-config') },
      });
    await type(createRegistry);
    await registry.management.registryReady('demo', 'myregistry');
    expect(await type(logIn)).toContain('Login Succeeded');
    await type(push);
    const used = await registry.management.usedBytes('demo', 'myregistry');
    expect(used).toBeGreaterThan(0);
    await registry.management.deleteRegistry('demo', 'myregistry');
  });
});
