import type { OpenAPIObject } from '@nestjs/swagger';

const methods = ['get', 'put', 'post', 'patch', 'delete', 'head'] as const;

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** An operation and where it stands. */
interface Place {
  path: string;
  operation: Operation;
}

/** Adds to what makes something a link to each operation on it, so that readers and tools see what may follow. */
export function addLinks(document: OpenAPIObject): void {
  const places: Place[] = Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => (item[method] ? [{ path, operation: item[method] }] : [])),
  );
  for (const place of places) {
    const { put, post } = document.paths[place.path]!;
    if (place.operation === put) link(place, followers(places, place, place.path, named), ['200', '201']);
    // What a POST makes is called by an id of its own.
    const member = Object.keys(document.paths).find(
      (path) => path.startsWith(`${place.path}/`) && aMember.test(path.slice(place.path.length)),
    );
    if (place.operation === post && member !== undefined) link(place, followers(places, place, member, answered), ['201']);
  }
}

/** What stands behind the path of a collection in that of its members. */
const aMember = /^\/\{\w+Id\}$/;
type Value = (name: string, made: readonly string[]) => string;
const named: Value = (name) => `$request.path.${name}`;
const answered: Value = (name, made) => (made.includes(name) ? `$request.path.${name}` : '$response.body#/id');

function followers(places: readonly Place[], maker: Place, target: string, valueOf: Value): Record<string, object> {
  const names = namesIn(target);
  const made = namesIn(maker.path);
  const versions = versionsOf(maker.operation);
  const found = places.filter(
    ({ path, operation }) => operation.operationId !== undefined && isAt(path, target) && namesIn(path).length === names.length,
  );
  return Object.fromEntries(
    found.map(({ operation }) => {
      const version = versions !== undefined && versionsOf(operation) === versions ? { 'api-version': '$request.query.api-version' } : {};
      const parameters = { ...Object.fromEntries(names.map((name) => [name, valueOf(name, made)])), ...version };
      return [operation.operationId!, { operationId: operation.operationId, parameters }];
    }),
  );
}

/** Resource types compare without case: `resourcegroups` and `resourceGroups` are the same. */
const isAt = (path: string, target: string): boolean => `${path}/`.toLowerCase().startsWith(`${target}/`.toLowerCase());

const namesIn = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** The api-versions of an operation as text, to be compared; undefined where it has none. */
function versionsOf({ parameters = [] }: Operation): string | undefined {
  const found = parameters.find((one) => 'name' in one && one.name === 'api-version');
  return found && 'schema' in found ? JSON.stringify(found.schema) : undefined;
}

function link({ operation }: Place, links: Record<string, object>, statuses: readonly string[]): void {
  for (const status of statuses) {
    const response = operation.responses[status];
    if (response && !('$ref' in response)) Object.assign(response, { links });
  }
}
