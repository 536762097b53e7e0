import { openSync, readFileSync, renameSync, statSync } from 'node:fs';

/** A log longer than this is put aside (as `.1`) when its process starts. */
const longest = 20 * 1024 * 1024;

/** Opens the log of a process for appending; `from` is where this start's part of it begins. */
export function openLog(file: string): { fd: number; from: number } {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > longest) renameSync(file, `${file}.1`);
  return { fd: openSync(file, 'a', 0o600), from: size > longest ? 0 : size };
}

/** The last lines a process wrote since it started, in words: from its JSON lines only the message. */
export function lastWords(file: string, from: number, count = 5): string[] {
  const lines = readFileSync(file).subarray(from).toString('utf8').split('\n').filter(Boolean);
  return lines.slice(-count).map(message);
}

function message(line: string): string {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}
