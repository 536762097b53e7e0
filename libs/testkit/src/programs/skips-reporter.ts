import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** True where nothing may be skipped: every program is there (`.ci/run` installs them). */
const strict = process.env['REGATTA_TEST_STRICT'] === '1' || process.env['CI'] === 'true';

/** The published specification comes with no package: where it is not beside the project nothing can bring it, so its tests may be skipped. */
const specification = '../shared/specs/acr';

// Set before the workers start, so that they inherit it and note their skips there.
process.env['REGATTA_TEST_SKIPS'] ??= join(mkdtempSync(join(tmpdir(), 'regatta-skips-')), 'skips.jsonl');

/** Lists at the end of a run what was skipped for want of a program, each with the line that installs it. */
export default class SkipsReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    const notes = readNotes();
    if (skipped.length === 0 && notes.length === 0) return;
    const lines = [`\nSkipped: ${skipped.length} tests.`, ...notes.map(({ why, remedy }) => `  ${why}: ${remedy}`)];
    const avoidable = skipped.filter((test) => !test.fullName.includes(specification));
    const missing = notes.filter(({ remedy }) => !remedy.includes(specification));
    if (strict && avoidable.length + missing.length > 0) {
      lines.push(
        'Nothing may be skipped here (REGATTA_TEST_STRICT=1 or CI=true):',
        ...avoidable.map((test) => `  ${test.module.moduleId}: ${test.fullName}`),
      );
      process.exitCode = 1;
    }
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

function readNotes(): { why: string; remedy: string }[] {
  const file = process.env['REGATTA_TEST_SKIPS']!;
  if (!existsSync(file)) return [];
  const lines = new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean));
  return [...lines].map((line) => JSON.parse(line) as { why: string; remedy: string });
}
