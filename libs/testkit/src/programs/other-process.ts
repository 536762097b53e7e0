import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..', '..');

/** What the script below is given: `load` imports a TypeScript module of ours, `say` sends one value back. */
const prelude = `
  import { runnerImport } from 'vite';
  const load = async (path) => (await runnerImport(path, { configFile: false, logLevel: 'error' })).module;
  const say = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
  setInterval(() => {}, 1 << 30); // Lives until it is ended.
`;

/** A process beside the test's own, for what must outlive or precede its maker. */
export interface OtherProcess {
  pid: number;
  /** The next value it said. Rejects with what it wrote to stderr when it ended first. */
  heard<T>(): Promise<T>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Runs a script (see {@link prelude}) in a process of its own, as `nobody` if asked: only root can ask. */
export function otherProcess(script: string, options: { asNobody?: boolean } = {}): OtherProcess {
  const node = [process.execPath, '--input-type=module', '--eval', `${prelude}\n${script}`];
  const [file, ...args] = options.asNobody ? [...becomeNobody(), ...node] : node;
  const child = spawn(file!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: '/nonexistent' } });
  return { pid: child.pid!, heard: listen(child), kill: (signal = 'SIGKILL') => end(child, signal) };
}

/** The uid and gid of `nobody` on this machine. */
export function nobody(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith('nobody:'));
  const [, , uid, gid] = line!.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** A checkout in root's own home is closed to others; then `nobody` may read past that, and only that. */
function becomeNobody(): string[] {
  const { uid, gid } = nobody();
  const open = spawnSync('/bin/sh', ['-c', 'test -r "$0" && test -x "$1"', join(root, 'package.json'), process.execPath], {
    uid,
    gid,
    cwd: '/',
  });
  const base = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const reading = '-all,+dac_read_search';
  if (open.status === 0) return [...base, '--inh-caps=-all', '--bounding-set=-all'];
  return [...base, '--securebits=+no_setuid_fixup', `--inh-caps=${reading}`, `--ambient-caps=${reading}`, `--bounding-set=${reading}`];
}

function listen(child: ChildProcess): <T>() => Promise<T> {
  const lines: string[] = [];
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  let rest = '';
  let complaint = '';
  let ended = false;
  const deliver = () => {
    while (lines.length > 0 && waiting.length > 0) waiting.shift()!.resolve(lines.shift()!);
    if (ended) for (const one of waiting.splice(0)) one.reject(new Error(`The other process ended: ${complaint.trim()}`));
  };
  child.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  child.stdout!.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
    deliver();
  });
  child.once('close', () => {
    ended = true;
    deliver();
  });
  return async <T>() => {
    const line = await new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject });
      deliver();
    });
    return JSON.parse(line) as T;
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}
