import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attackClasses } from './classes.js';

const files = readdirSync(import.meta.dirname).filter((name) => /^\d\d-[a-z0-9-]+\.spec\.ts$/.test(name));
const filesOf = (number: number): string[] => files.filter((name) => Number(name.slice(0, 2)) === number);

describe('The classes of attack', () => {
  it.each(Object.entries(attackClasses))('has a spec file for class %s, or says what it waits for', (number, { name, waitsFor }) => {
    const found = filesOf(Number(number));
    if (waitsFor === undefined) expect(found, `${number} ${name} needs one file ${number.padStart(2, '0')}-….spec.ts`).toHaveLength(1);
    else expect(found, `${number} ${name} has its spec: remove waitsFor from classes.ts`).toEqual([]);
  });

  it('lists no spec file of a class that does not exist', () => {
    expect(files.filter((name) => attackClasses[Number(name.slice(0, 2))] === undefined)).toEqual([]);
  });

  it('shows every class with its test, or what it waits for, in docs/threats.md', async () => {
    const rows = Object.entries(attackClasses).map(([number, { name, waitsFor }]) => {
      const [file] = filesOf(Number(number));
      return `| ${number} | ${name} | ${file ? `[${file}](../test/security/${file})` : `none yet: waits for ${waitsFor}`} |`;
    });
    const page = [
      '# Classes of attack, and the test of each',
      '',
      'This page is written by `npx vitest run test/security/classes.spec.ts -u`.',
      '',
      '| # | Class | Test |',
      '| --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot(join(import.meta.dirname, '../../docs/threats.md'));
  });
});
