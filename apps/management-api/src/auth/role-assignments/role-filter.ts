import { Fault } from '#lib/domain';

/** What `$filter` of role assignments and role definitions may say. */
export interface RoleFilter {
  /** `atScope()`: not what lies below. */
  atScope: boolean;
  principalId?: string;
  roleName?: string;
  type?: string;
}

const terms: readonly { pattern: RegExp; read: (value: string) => Partial<RoleFilter> }[] = [
  { pattern: /^atScope\(\)$/i, read: () => ({ atScope: true }) },
  { pattern: /^atScopeAndBelow\(\)$/i, read: () => ({ atScope: false }) },
  { pattern: /^principalId\s+eq\s+'([^']*)'$/i, read: (principalId) => ({ principalId: principalId.toLowerCase() }) },
  { pattern: /^assignedTo\(\s*'([^']*)'\s*\)$/i, read: (principalId) => ({ principalId: principalId.toLowerCase() }) },
  { pattern: /^roleName\s+eq\s+'([^']*)'$/i, read: (roleName) => ({ roleName }) },
  { pattern: /^type\s+eq\s+'([^']*)'$/i, read: (type) => ({ type }) },
];
const maxLength = 1024;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Reads the filter; throws `InvalidFilter` for what it does not understand. */
export function readRoleFilter(text: unknown): RoleFilter {
  const filter: RoleFilter = { atScope: false };
  if (text === undefined || text === '') return filter;
  if (typeof text !== 'string' || text.length > maxLength) throw refusal(String(text));
  for (const term of text.split(/\s+and\s+/i)) {
    const known = terms.map(({ pattern, read }) => ({ match: pattern.exec(term.trim()), read })).find(({ match }) => match);
    if (!known) throw refusal(term);
    Object.assign(filter, known.read(known.match?.[1] ?? ''));
  }
  if (filter.principalId !== undefined && !uuid.test(filter.principalId)) throw refusal(filter.principalId);
  return filter;
}

function refusal(term: string): Fault {
  return new Fault(
    'InvalidFilter',
    `The filter '${term.slice(0, 100)}' is not supported. Supported filters are atScope(), atScopeAndBelow(), principalId eq '{id}', assignedTo('{id}'), roleName eq '{name}' and type eq '{type}', joined by 'and'.`,
    { target: '$filter' },
  );
}
