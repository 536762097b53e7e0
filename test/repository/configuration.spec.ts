import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { dataPlaneSettings } from '../../apps/data-plane/src/config.js';
import { managementSettings } from '../../apps/management-api/src/config.js';
import { standaloneSettings } from '../../apps/standalone/src/config.js';
import { workerSettings } from '../../apps/worker/src/config.js';

type Shape = Readonly<Record<string, z.ZodType>>;

const apps: Record<string, Shape> = {
  'management-api': managementSettings.shape,
  'data-plane': dataPlaneSettings.shape,
  worker: workerSettings.shape,
};
const documentation = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8');

describe('the configuration tables in docs/operations.md', () => {
  it('name every variable of the apps, who reads it, and its default', () => {
    expect(tableUnder('### The apps')).toEqual(
      Object.fromEntries(allNames().map((name) => [name, { readBy: readersOf(name), default: defaultOf(name) }])),
    );
  });

  it('name every variable of npm start and its default', () => {
    const { shape } = standaloneSettings.in;
    expect(tableUnder('### `npm start`')).toEqual(
      Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, { default: defaultText(schema) }])),
    );
  });
});

function allNames(): string[] {
  return [...new Set(Object.values(apps).flatMap((shape) => Object.keys(shape)))];
}

function readersOf(name: string): string {
  const readers = Object.entries(apps).flatMap(([app, shape]) => (name in shape ? [app] : []));
  return readers.length === Object.keys(apps).length ? 'all' : readers.join(', ');
}

/** One default for all who read it: a variable that means different things in different apps wants two names. */
function defaultOf(name: string): string {
  const texts = Object.values(apps).flatMap((shape) => (shape[name] ? [defaultText(shape[name])] : []));
  return [...new Set(texts)].join(' or ');
}

function defaultText(schema: z.ZodType): string {
  const absent = schema.safeParse(undefined);
  if (!absent.success) return 'required';
  if (absent.data === undefined) return '';
  return Array.isArray(absent.data) ? absent.data.join(',') : String(absent.data);
}

/** Rows of the first table under a heading, by variable. */
function tableUnder(heading: string): Record<string, Record<string, string>> {
  const section = documentation.split(`\n${heading}\n`)[1];
  if (section === undefined) throw new Error(`docs/operations.md has no heading ${heading}`);
  const lines = section.split(/\n#+ /)[0]!.split('\n');
  const [head, , ...rows] = lines.filter((line) => line.startsWith('|')).map(cells);
  const columns = head!.map((name) => (name === 'Read by' ? 'readBy' : name.toLowerCase()));
  return Object.fromEntries(
    rows.map((row) => {
      const [name, ...rest] = row.slice(0, -1); // The last one is the meaning.
      return [name!, Object.fromEntries(rest.map((cell, index) => [columns[index + 1]!, cell]))];
    }),
  );
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}
