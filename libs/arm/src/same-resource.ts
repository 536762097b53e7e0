import { Fault, normalizeRegion } from '#lib/domain';
import { foldId } from './ids.js';

/** What a body may repeat of the resource that the URL names. */
export interface RepeatedMembers {
  id?: unknown;
  name?: unknown;
  type?: unknown;
  location?: unknown;
}

/** The resource that the URL names; `location` where the body cannot change it. */
export interface NamedResource {
  id: string;
  name: string;
  type: string;
  location?: string;
}

/**
 * Throws unless the identifying members of a body are those of the resource the URL names: they are read-only, and compare without
 * case. A member that is absent or null says nothing.
 */
export function requireSameResource(body: RepeatedMembers, resource: NamedResource): void {
  for (const member of ['id', 'name', 'type'] as const) {
    const given = body[member] ?? undefined;
    if (given === undefined || (typeof given === 'string' && foldId(given) === foldId(resource[member]))) continue;
    throw new Fault('InvalidParameter', `${member} must be absent or that of the resource the URL names: '${resource[member]}'.`, {
      target: member,
    });
  }
  const { location: asked } = body;
  const { location } = resource;
  if (location === undefined || asked === undefined || asked === null) return;
  if (typeof asked === 'string' && normalizeRegion(asked) === location) return;
  throw new Fault('LocationImmutable', `The location of '${resource.name}' is '${location}' and cannot be changed.`, {
    target: 'location',
  });
}
