import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import type { SkipNote } from './programs.js';
import { runFolder, strict } from './run-folder.js';

/** The published specification comes with no package: where it is not beside the project nothing can bring it, so its tests may be skipped. */
const specification = '../shared/specs/acr';

// Set before the workers start, so that they inherit it and note their skips there.
process.env['REGATTA_TEST_SKIPS'] ??= join(runFolder(), 'skips.jsonl');

/** Lists at the end of a run what was skipped for want of a program, each with the line that installs it. */
export default class SkipsReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const { lines, avoidable } = summaryOf(
      skipped.map(({ module, fullName }) => ({ file: module.moduleId, title: fullName })),
      readNotes(),
    );
    if (lines.length === 0) return;
    if (strict && avoidable.length > 0) {
      lines.push('Nothing may be skipped here (REGATTA_TEST_STRICT=1 or CI=true):', ...avoidable.map((what) => `  ${what}`));
      process.exitCode = 1;
    }
    process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}

/** What to say of skipped tests, and which of them a strict run does not accept. */
export function summaryOf(
  skipped: readonly { file: string; title: string }[],
  notes: readonly SkipNote[],
): { lines: string[]; avoidable: string[] } {
  if (skipped.length === 0 && notes.length === 0) return { lines: [], avoidable: [] };
  const accepted = new Set(notes.map(({ acceptedIn }) => acceptedIn));
  const tests = skipped.filter(({ file, title }) => !title.includes(specification) && !accepted.has(file));
  const missing = notes.filter(({ remedy, acceptedIn }) => !remedy.includes(specification) && acceptedIn === undefined);
  const told = new Set(notes.map(({ why, remedy }) => `  ${why}: ${remedy}`));
  return {
    lines: [`Skipped: ${skipped.length} tests.`, ...told],
    avoidable: [...tests.map(({ file, title }) => `${file}: ${title}`), ...new Set(missing.map(({ why }) => why))],
  };
}

function readNotes(): SkipNote[] {
  const file = process.env['REGATTA_TEST_SKIPS']!;
  if (!existsSync(file)) return [];
  const lines = new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean));
  return [...lines].map((line) => JSON.parse(line) as SkipNote);
}
