import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { portSettings, type StandaloneConfig } from './config.js';
import { StartError } from './start-error.js';

/**
 * Makes sure that every port can be listened on, before anything is started; names each that cannot with its setting.
 * `patienceMs`: how long processes of a start that was killed get to notice and leave.
 */
export async function requirePorts(config: StandaloneConfig, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const taken = await findTaken(config);
    if (taken.length === 0) return;
    if (Date.now() > end) throw new StartError(...taken);
    await sleep(200);
  }
}

async function findTaken(config: StandaloneConfig): Promise<string[]> {
  const lines: string[] = [];
  for (const { port, setting, hosts } of portSettings(config)) {
    for (const host of hosts) {
      const problem = await tryListen(host, port);
      if (!problem) continue;
      lines.push(`${setting}: ${problem}`);
      break;
    }
  }
  return lines;
}

/** Why the port cannot be listened on; undefined when it can, or when the machine has no such IPv6 address. */
function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(explain(error, host, port)));
    server.listen({ host, port, ipv6Only: host.includes(':') }, () => server.close(() => resolve(undefined)));
  });
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string | undefined {
  if (host.includes(':') && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return undefined;
  if (code === 'EADDRINUSE') return `port ${port} on ${host} is in use by another program. Stop that, or set this to another port.`;
  if (code === 'EACCES') return `this user may not listen on port ${port} of ${host}. Choose a port above 1023.`;
  return `cannot listen on port ${port} of ${host}: ${message}`;
}
