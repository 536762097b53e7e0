import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { commandOf, isAlive, processesIn, startOf, waitUntil } from './processes.js';

describe('what we ask about processes', () => {
  it('knows the living from the dead', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore', cwd: '/tmp' });
    await once(child, 'spawn');
    const pid = child.pid!;
    expect(isAlive(pid)).toBe(true);
    expect(startOf(pid)).toMatch(/\S/);
    expect(startOf(pid)).toBe(startOf(pid));
    expect(startOf(pid)).not.toBe(startOf(process.pid));
    expect(commandOf(pid)).toContain('sleep 60');
    if (process.platform === 'linux') expect(processesIn('/tmp')).toContain(pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(pid)).toBe(false);
    expect(startOf(pid)).toBeUndefined();
    expect(commandOf(pid)).toBe('');
  });

  it('counts a child that has ended, but that nobody has asked after, among the dead', async () => {
    // The shell never waits for its first child: that one stays a zombie as long as the shell lives.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(line.toString());
    expect(await waitUntil(() => !isAlive(zombie), 5_000)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('calls a process of another user alive', () => {
    expect(isAlive(1)).toBe(true);
  });

  it('gives up waiting in time', async () => {
    await expect(waitUntil(() => false, 30)).resolves.toBe(false);
    await expect(waitUntil(() => true, 0)).resolves.toBe(true);
  });
});
