import { parseFilter, type Comparison } from '#lib/arm';
import { registryResourceType, type RegistryEntity } from '#lib/control';
import { Fault, normalizeRegion } from '#lib/domain';

const fields = ['resourceType', 'name', 'resourceGroup', 'location', 'tagName', 'tagValue'] as const;
type Field = (typeof fields)[number];

/** What of a list of resources is wanted. */
export interface ResourceFilter {
  /** The one name asked for, where it is one. */
  name: string | undefined;
  /** Nothing can match: another kind of resource is asked for. */
  isEmpty: boolean;
  matches(row: RegistryEntity): boolean;
}

/** Reads the `$filter` of a list of resources. @throws Fault `InvalidFilter` */
export function resourceFilterOf(text: unknown): ResourceFilter {
  const comparisons = parseFilter(text, fields);
  const tags = comparisons.filter(({ field }) => field === 'tagName' || field === 'tagValue');
  if (tags.some(({ operator }) => operator !== 'eq') || (tags.length > 0 && !tags.some(({ field }) => field === 'tagName'))) {
    throw new Fault('InvalidFilter', "Tags are filtered by tagName eq 'name', or tagName eq 'name' and tagValue eq 'value'.", {
      target: '$filter',
    });
  }
  const rest = comparisons.filter((comparison) => !tags.includes(comparison));
  const ofType = rest.filter(({ field }) => field === 'resourceType');
  return {
    name: rest.find(({ field, operator }) => field === 'name' && operator === 'eq')?.value,
    isEmpty: !ofType.every((comparison) => holds(comparison, registryResourceType)),
    matches: (row) => rest.every((comparison) => holds(comparison, valueOf(comparison.field, row))) && hasTag(row, tags),
  };
}

function valueOf(field: Field, row: RegistryEntity): string {
  switch (field) {
    case 'resourceType':
      return registryResourceType;
    case 'name':
      return row.name;
    case 'resourceGroup':
      return row.resourceGroup;
    default:
      return row.location;
  }
}

function holds({ field, operator, value }: Comparison & { field: Field }, actual: string): boolean {
  const [wanted, found] = field === 'location' ? [normalizeRegion(value), actual] : [value.toLowerCase(), actual.toLowerCase()];
  if (operator === 'substringof') return found.includes(wanted);
  return (found === wanted) === (operator === 'eq');
}

function hasTag(row: RegistryEntity, tags: (Comparison & { field: Field })[]): boolean {
  const name = tags.find(({ field }) => field === 'tagName')?.value.toLowerCase();
  const value = tags.find(({ field }) => field === 'tagValue')?.value;
  if (name === undefined) return true;
  return Object.entries(row.tags).some(([key, held]) => key.toLowerCase() === name && (value === undefined || held === value));
}
