import { spawn } from 'node:child_process';

/** How long other processes may still use a Postgres whose owner is gone, in tenths of a second: they finish what is under way. */
const leavingTenths = 600;
const stoppingTenths = 300;

/**
 * $1 is the process id of Postgres, $2 its data directory. Reading ends when the owner ends, however that happens. Then Postgres
 * takes no new connection and stops with its last one (SIGTERM), or is told more firmly after a minute (SIGINT, then SIGQUIT).
 */
const script = `
  trap '' INT TERM HUP
  cat >/dev/null
  ours() { [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ] && kill -0 "$1" 2>/dev/null; }
  for step in TERM:${leavingTenths} INT:${stoppingTenths} QUIT:${stoppingTenths}; do
    ours "$@" || exit 0
    kill -s "\${step%:*}" "$1"
    left=\${step#*:}
    while [ "$left" -gt 0 ] && ours "$@"; do sleep 0.1; left=$((left - 1)); done
  done`;

/**
 * Stops a Postgres when the process that started it ends without stopping it, SIGKILL included: a shell holds the other end of a pipe
 * of ours.
 * @returns what ends the shell, to be called when Postgres has ended.
 */
export function stopWithoutUs(pid: number, data: string): () => void {
  // In a process group of its own, as Postgres is.
  const shell = spawn('/bin/sh', ['-c', script, 'stop-without-us', String(pid), data], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => undefined); // Without a shell, the next start stops what is left.
  shell.unref();
  const { stdin } = shell;
  stdin.on('error', () => undefined);
  (stdin as unknown as { unref(): void }).unref();
  return () => stdin.end();
}
