/** The resource whose rights count for a route, with the values of a request's parameters. */
export interface RouteScope {
  /** The resource (or scope) as a resource id. */
  scope: string;
  subscriptionId: string;
  /** True if the route is about the subscription itself. */
  isSubscription: boolean;
}

const parameter = /^:/;

/**
 * The scope of a route below `/subscriptions/{id}`; null for every other route. `route` is the path as it was declared, so what
 * a client writes decides about values and never about which segment is what.
 */
export function scopeOfRoute(route: string, params: Readonly<Record<string, string | undefined>>): RouteScope | null {
  const segments = route.split('/').filter(Boolean);
  const [first, id] = segments;
  if (first?.toLowerCase() !== 'subscriptions' || id === undefined || !parameter.test(id)) return null;
  const value = (segment: string): string => (parameter.test(segment) ? nameIn(params[segment.slice(1)]) : segment);
  const subscriptionId = value(id);
  let scope = `/subscriptions/${subscriptionId}`;
  let rest = segments.slice(2);
  if (rest[0]?.toLowerCase() === 'resourcegroups' && rest[1] !== undefined) {
    scope += `/resourceGroups/${value(rest[1])}`;
    rest = rest.slice(2);
  }
  // `providers/{namespace}`, and every `{type}/{name}` after it; what is left has no name: a collection or an action.
  while (rest[0]?.toLowerCase() === 'providers' && rest[1] !== undefined) {
    let prefix = `/providers/${value(rest[1])}`;
    rest = rest.slice(2);
    while (rest[0]?.toLowerCase() !== 'providers' && rest[1] !== undefined && parameter.test(rest[1])) {
      scope += `${prefix}/${value(rest[0]!)}/${value(rest[1])}`;
      prefix = '';
      rest = rest.slice(2);
    }
  }
  return { scope, subscriptionId, isSubscription: segments.length === 2 };
}

/** One segment of a scope: a decoded slash stays part of the name that it came in. */
function nameIn(value: string | undefined): string {
  if (value === undefined || value === '') throw new Error('A parameter of the route has no value.');
  return value.replaceAll('/', '%2F');
}
