import type { Issue } from './issues.js';

/**
 * Enums of ARM compare without case: `value` with every word that differs from a known one in case alone written as that one. The
 * issues are those of a first validation. Null if there is no such word, and a second validation would find the same.
 */
export function inKnownCase(value: unknown, issues: readonly Issue[]): unknown {
  let corrected: unknown = null;
  for (const { code, path, values } of issues) {
    if (code !== 'invalid_value' || !path?.length) continue;
    const given = at(value, path);
    const known = (values as unknown[]).find((one) => isSameWord(one, given));
    if (known === undefined) continue;
    corrected ??= structuredClone(value);
    const parent = at(corrected, path.slice(0, -1)) as Record<PropertyKey, unknown>;
    parent[keyOf(path.at(-1)!)] = known;
  }
  return corrected;
}

type Step = NonNullable<Issue['path']>[number];

const keyOf = (step: Step): PropertyKey => (typeof step === 'object' ? step.key : step);

const isSameWord = (known: unknown, given: unknown): boolean =>
  typeof known === 'string' && typeof given === 'string' && known.toLowerCase() === given.toLowerCase();

function at(value: unknown, path: readonly Step[]): unknown {
  let found = value;
  for (const step of path) found = (found as Record<PropertyKey, unknown> | null | undefined)?.[keyOf(step)];
  return found;
}
