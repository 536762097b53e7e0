import type { z } from 'zod';
import { Fault, type FaultDetail } from '#lib/domain';

/** One finding of a validator: Zod's issues, or any Standard Schema's. */
export interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
  code?: string;
  input?: unknown;
  [more: string]: unknown;
}

const maxDetails = 50;

/** Where an issue lies, the way people write it: `properties.networkRuleSet.ipRules[2].value`. */
export function pathOf(issue: Issue, prefix: readonly PropertyKey[] = []): string {
  let text = '';
  for (const step of [...prefix, ...(issue.path ?? [])]) {
    const key = typeof step === 'object' && step !== null ? step.key : step;
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}

/** An issue as a sentence: what is wrong there, and what would be right. */
export function sentenceOf(issue: Issue, isAbsent = false): string {
  switch (issue.code) {
    case 'invalid_type':
      return isAbsent ? `is required (${String(issue.expected)})` : `must be of type ${String(issue.expected)}`;
    case 'invalid_value':
      return isAbsent ? `is required: one of ${quoted(issue.values)}` : `must be one of ${quoted(issue.values)}`;
    case 'too_small':
      return `must ${measure(issue, 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${measure(issue, 'at most', issue.maximum)}`;
    case 'unrecognized_keys':
      return `has members that are not known here: ${quoted(issue.keys)}`;
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1).replace(/\.$/, '');
  }
}

/** Whether there is nothing where the issue lies. */
function isAbsentIn(value: unknown, issue: Issue): boolean {
  let found = value;
  for (const step of issue.path ?? []) {
    if (typeof found !== 'object' || found === null) return false;
    found = (found as Record<PropertyKey, unknown>)[typeof step === 'object' ? step.key : step];
  }
  return found === undefined;
}

const quoted = (values: unknown): string => (Array.isArray(values) ? values : [values]).map((value) => `'${String(value)}'`).join(', ');

function measure(issue: Issue, bound: string, limit: unknown): string {
  if (issue.origin === 'string') return `have ${bound} ${String(limit)} character${limit === 1 ? '' : 's'}`;
  if (issue.origin === 'array' || issue.origin === 'set') return `have ${bound} ${String(limit)} item${limit === 1 ? '' : 's'}`;
  return `be ${bound} ${String(limit)}`;
}

/**
 * What a failed validation of `value` says to the client: one fault, whose `details` name every mistake by its path. `where`
 * says what was validated (`request body`, `query`, …).
 */
export function faultOf(issues: readonly Issue[], value: unknown, prefix: readonly PropertyKey[] = [], where = 'request body'): Fault {
  const details: FaultDetail[] = issues.slice(0, maxDetails).map((issue) => {
    const target = pathOf(issue, prefix);
    return {
      code: 'InvalidParameter',
      target: target || where,
      message: `${target || `The ${where}`} ${sentenceOf(issue, isAbsentIn(value, issue))}.`,
    };
  });
  const [first] = details;
  if (!first) return new Fault('InvalidParameter', `The ${where} is not valid.`);
  const isMissing = details.length === 1 && isAbsentIn(value, issues[0]!);
  if (isMissing && first.target === 'location')
    return new Fault('LocationRequired', 'The location property is required for this definition.', { target: 'location' });
  if (isMissing && first.target === where)
    return new Fault('InvalidRequestContent', `The request content was invalid: the ${where} is empty; a JSON object is required.`);
  const message =
    issues.length === 1 ? first.message : `The ${where} has ${issues.length} mistakes: ${first.message} See details for the others.`;
  return new Fault('InvalidParameter', message, { target: first.target, details });
}

/** The value as `schema` sees it, or the fault that says why not. */
export function requireValid<S extends z.ZodType>(
  schema: S,
  value: unknown,
  prefix: readonly PropertyKey[] = [],
  where?: string,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw faultOf(result.error.issues as unknown as Issue[], value, prefix, where);
}
