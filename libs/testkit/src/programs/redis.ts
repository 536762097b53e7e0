import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithUs } from './ends-with-us.js';
import { findProgram, requireProgram } from './programs.js';

/** A real Redis of one spec file's own. */
export interface TestRedis {
  url: string;
  /** Ends every connection there is. */
  cut(): Promise<void>;
  stop(): Promise<void>;
}

let available: boolean | undefined;

/** Whether `redis-server` is installed; notes the skip where it is not. */
export function redisAvailable(): boolean {
  return (available ??= requireProgram('redis-server'));
}

/** Starts Redis on a free loopback port and waits until it answers; stop it in `afterAll`. With a password, its URL holds it. */
export async function testRedis(password?: string): Promise<TestRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'regatta-redis-'));
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
    '--maxmemory-policy',
    'noeviction',
    ...(password === undefined ? [] : ['--requirepass', password]),
  ];
  const child = spawn(findProgram('redis-server')!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  endsWithUs(child.pid ?? -1, folder, 'TERM');
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    child.stdout.on('data', (chunk: Buffer) => String(chunk).includes('Ready to accept connections') && resolve());
  });
  return {
    url: `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    cut: () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1')
          .on('error', reject)
          .on('close', () => resolve())
          .resume();
        if (password !== undefined) socket.write(`AUTH ${password}\r\n`);
        socket.end('CLIENT KILL TYPE normal SKIPME yes\r\nQUIT\r\n');
      }),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGTERM')) await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
