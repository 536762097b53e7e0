import { execFileSync } from 'node:child_process';
import { cp, lstat, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { scratchFolder } from '#lib/testkit';
import { describe, expect, it } from 'vitest';
import { findBinaries, makeMissingLinks } from './binaries.js';

describe('the binaries of the embedded Postgres', () => {
  it('are those of the version that package.json pins', async () => {
    const { postgres, initdb, major } = await findBinaries();
    expect(execFileSync(postgres, ['--version'], { encoding: 'utf8' })).toContain(`(PostgreSQL) ${major}.`);
    expect(execFileSync(initdb, ['--version'], { encoding: 'utf8' })).toContain(`(PostgreSQL) ${major}.`);
  });

  it('work where npm ran no install script: the missing links are made, and made once', async () => {
    const folder = await scratchFolder();
    try {
      const root = dirname((await findBinaries()).native);
      const copy = join(folder.path, 'package');
      const links = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as { target: string }[];
      await cp(root, copy, { recursive: true, verbatimSymlinks: true });
      for (const { target } of links) await rm(join(copy, target), { force: true });
      expect(links.length).toBeGreaterThan(0);
      expect(() => execFileSync(join(copy, 'native', 'bin', 'postgres'), ['--version'], { stdio: 'pipe' })).toThrow('shared libraries');
      await makeMissingLinks(copy);
      await makeMissingLinks(copy);
      for (const { target } of links) expect((await lstat(join(copy, target))).isSymbolicLink(), target).toBe(true);
      expect(execFileSync(join(copy, 'native', 'bin', 'postgres'), ['--version'], { encoding: 'utf8' })).toContain('PostgreSQL');
    } finally {
      await folder.remove();
    }
  });
});
