import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const mib = 1024 * 1024;

it('keeps no process waiting for a reader of its log that was stopped, nor all that it would have read', async () => {
  const script = `
    import { runnerImport } from 'vite';
    const { module } = await runnerImport(${JSON.stringify(join(import.meta.dirname, 'log.ts'))}, { configFile: false, logLevel: 'error' });
    const logger = module.newLogger({ name: 'spec' });
    for (let line = 0; line < 48; line++) logger.info({ text: 'x'.repeat(${mib}) }, 'line');
    process.on('message', () => setInterval(() => logger.info('end'), 20));
    process.send('went on');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: join(import.meta.dirname, '../../../..'),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'close');
  try {
    expect(await once(child, 'message')).toContain('went on');
    let text = '';
    child.stdout!.on('data', (bytes: Buffer) => (text += bytes.toString()));
    child.send('end');
    await expect.poll(() => text.slice(-mib)).toMatch(/"end"}\n/);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    const kept = lines.filter((msg) => msg === 'line').length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(17);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});
