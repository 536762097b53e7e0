import { spawn } from 'node:child_process';

/**
 * Sees to it that nothing is left of a process when we end, however that is: SIGKILL as well. A small shell holds the other end of
 * a pipe of ours; when we are gone it ends the process and removes the folder.
 * @param pid of the process, or a file whose first line holds it, which may not exist yet; null where there is only the folder.
 * @param signal what ends it, with its children: SIGTERM, or SIGQUIT for a Postgres, which then stops at once.
 */
export function endsWithUs(pid: number | string | null, folder: string, signal: 'TERM' | 'QUIT'): void {
  const script = `
    trap '' INT TERM HUP
    cat >/dev/null
    case "$1" in */*) pid=$(head -n 1 "$1" 2>/dev/null);; *) pid=$1;; esac
    if [ -n "$pid" ]; then
      kill -s "$3" "$pid" 2>/dev/null
      tries=0
      while kill -0 "$pid" 2>/dev/null && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
    else
      sleep 2 # What ends with us as well reads its process ids from files in here.
    fi
    tries=0
    until rm -rf "$2" || [ $tries -eq 100 ]; do sleep 0.1; tries=$((tries + 1)); done`;
  // In a group of its own: what ends us by Ctrl-C or by our group does not end it.
  const watch = spawn('/bin/sh', ['-c', script, 'ends-with-us', String(pid ?? ''), folder, signal], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  (watch.stdin as unknown as { unref(): void }).unref();
}
