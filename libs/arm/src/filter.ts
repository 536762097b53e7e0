import { Fault } from '#lib/domain';

/** One comparison of an OData `$filter`, e.g. `resourceType eq 'x'`. */
export interface Comparison {
  field: string;
  operator: 'eq' | 'ne' | 'substringof';
  value: string;
}

const maxFilterLength = 2048;
const maxComparisons = 20;

/**
 * Reads the part of OData that ARM lists use: comparisons joined by `and`, each `field eq 'text'`, `field ne 'text'` or
 * `substringof('text', field)`. `fields` maps lower-case field names to the ones wanted. Throws `InvalidFilter` for
 * anything else, naming what it understands.
 */
export function parseFilter<F extends string>(text: unknown, fields: readonly F[]): (Comparison & { field: F })[] {
  if (text === undefined || text === '') return [];
  const refuse = (why: string) =>
    new Fault(
      'InvalidFilter',
      `Invalid $filter '${String(text).slice(0, 200)}' in the query: ${why}. Use ${fields.map((field) => `${field} eq 'value'`).join(', ')}, joined by and.`,
      { target: '$filter' },
    );
  if (typeof text !== 'string') throw refuse('it is given more than once');
  if (text.length > maxFilterLength) throw refuse(`it is longer than ${maxFilterLength} characters`);
  const comparisons: (Comparison & { field: F })[] = [];
  let rest = text.trim();
  while (rest !== '' || comparisons.length === 0) {
    const step = readComparison(rest);
    if (!step) throw refuse(`it cannot be read at '${rest.slice(0, 40)}'`);
    const field = fields.find((known) => known.toLowerCase() === step.field.toLowerCase());
    if (field === undefined) throw refuse(`'${step.field}' cannot be filtered by`);
    comparisons.push({ field, operator: step.operator, value: step.value });
    if (comparisons.length > maxComparisons) throw refuse(`it has more than ${maxComparisons} comparisons`);
    rest = step.rest.trim();
    if (rest === '') break;
    const joint = /^and\s+/i.exec(rest);
    if (!joint) throw refuse(`only 'and' may follow at '${rest.slice(0, 40)}'`);
    rest = rest.slice(joint[0].length).trim();
    if (rest === '') throw refuse("it ends in 'and'");
  }
  return comparisons;
}

const word = String.raw`([A-Za-z][A-Za-z0-9/.]*)`;
const literal = String.raw`'((?:[^']|'')*)'`;
const compare = new RegExp(`^${word}\\s+(eq|ne)\\s+${literal}`, 'i');
const substring = new RegExp(`^substringof\\(\\s*${literal}\\s*,\\s*${word}\\s*\\)`, 'i');

function readComparison(text: string): (Comparison & { rest: string }) | null {
  const bare = /^\(([^()]*)\)$/.exec(text);
  const source = bare ? bare[1]!.trim() : text;
  const plain = compare.exec(source);
  if (plain) {
    const [all, field, operator, value] = plain;
    return { field: field!, operator: operator!.toLowerCase() as 'eq' | 'ne', value: unescape(value!), rest: source.slice(all.length) };
  }
  const within = substring.exec(source);
  if (!within) return null;
  const [all, value, field] = within;
  return { field: field!, operator: 'substringof', value: unescape(value!), rest: source.slice(all.length) };
}

// OData writes a quote inside a literal as two.
const unescape = (text: string): string => text.replaceAll("''", "'");
