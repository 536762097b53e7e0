import { Fault } from '#lib/domain';

/** What a request demands of the state it meets. */
export interface Preconditions {
  ifMatch?: string;
  ifNoneMatch?: string;
}

/** The strong ETag of a row's version, e.g. `"6f9619ff-3"`. Includes the row's id: a re-created resource never matches an old tag. */
export function etagOf(id: string, version: number): string {
  return `"${id.slice(0, 8)}-${version.toString(36)}"`;
}

/**
 * RFC 9110 §13: throws `PreconditionFailed` (412) unless the present ETag (null: there is nothing) satisfies If-Match and
 * If-None-Match. Reads answer 304 themselves; this is for writes.
 */
export function requirePreconditions({ ifMatch, ifNoneMatch }: Preconditions, present: string | null): void {
  if (ifMatch !== undefined && !matches(ifMatch, present)) {
    throw new Fault(
      'PreconditionFailed',
      present === null
        ? 'The If-Match condition was not met: the resource does not exist.'
        : `The If-Match condition was not met: the resource has changed, its ETag is now ${present}.`,
    );
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, present)) {
    throw new Fault('PreconditionFailed', 'The If-None-Match condition was not met: the resource already exists.');
  }
}

function matches(condition: string, present: string | null): boolean {
  if (present === null) return false;
  if (condition.trim() === '*') return true;
  return condition.split(',').some((tag) => tag.trim().replace(/^W\//, '') === present);
}
