import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-file.js';

const limits = { bytes: 1000, files: 3 };
const line = (number: number) => `${JSON.stringify({ msg: `line ${String(number).padStart(5, '0')}` })}\n`;

describe('the log of a process', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'regatta-log-'));
    file = join(folder, 'worker.log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const sizes = () => readdirSync(folder).map((name) => statSync(join(folder, name)).size);

  it('never takes more than its number of files of its size, however long the process runs', () => {
    const log = new LogFile(file, limits);
    for (let n = 0; n < 1000; n++) {
      log.write(Buffer.from(line(n)));
      expect(Math.max(...sizes())).toBeLessThanOrEqual(limits.bytes);
    }
    log.close();
    expect(readdirSync(folder).sort()).toEqual(['worker.log', 'worker.log.1', 'worker.log.2']);
  });

  it('holds the newest lines, whole and in order', () => {
    const log = new LogFile(file, limits);
    const all = Array.from({ length: 200 }, (_, n) => line(n)).join('');
    for (let at = 0; at < all.length; at += 7) log.write(Buffer.from(all.slice(at, at + 7)));
    log.close();
    const kept = ['.2', '.1', ''].map((end) => readFileSync(file + end, 'utf8'));
    for (const text of kept) expect(text).toMatch(/^(\{"msg":"line \d{5}"\}\n)+$/);
    expect(all.endsWith(kept.join(''))).toBe(true);
  });

  it('mixes no line of one stream into a line of the other', () => {
    const log = new LogFile(file, limits);
    log.write(Buffer.from('{"msg":'));
    log.write(Buffer.from('warning\n'), 'stderr');
    log.write(Buffer.from('"whole"}\nhalf'));
    log.close();
    expect(readFileSync(file, 'utf8')).toBe('warning\n{"msg":"whole"}\nhalf');
  });

  it('keeps its bound for a process that writes no ends of lines', () => {
    const log = new LogFile(file, limits);
    for (let n = 0; n < 100; n++) log.write(Buffer.alloc(300, 'x'));
    log.close();
    expect(sizes().toSorted((a, b) => b - a)[0]).toBeLessThanOrEqual(limits.bytes + 300);
  });

  it('goes on in the file of an earlier start', () => {
    writeFileSync(file, line(1));
    const log = new LogFile(file, limits);
    log.write(Buffer.from(line(2)));
    log.close();
    expect(readFileSync(file, 'utf8')).toBe(line(1) + line(2));
  });

  it('is read by its owner only', () => {
    new LogFile(file, limits).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('knows the last words of this start, from JSON lines only the message', () => {
    writeFileSync(file, line(1));
    const log = new LogFile(file, limits);
    log.write(Buffer.from('first\n'));
    for (let n = 2; n < 100; n++) log.write(Buffer.from(line(n)));
    log.write(Buffer.from('not JSON\n'));
    expect(log.lastWords(2)).toEqual(['line 00099', 'not JSON']);
    log.close();
    const other = new LogFile(file, limits);
    expect(other.lastWords()).toEqual([]);
    other.close();
  });
});
