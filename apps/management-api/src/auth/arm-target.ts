import { Fault } from '#lib/domain';

/** What a request is about, as far as rights are concerned: read from its method and path alone. */
export interface ArmTarget {
  /** The resource (or scope) whose rights count, as a resource id. */
  scope: string;
  /** The action ARM asks for when the route names none: `{type}/read`, `/write`, `/delete`, `/{verb}/action`. */
  action: string;
  subscriptionId: string;
  /** The request is about the subscription itself. */
  isSubscription: boolean;
}

const subscriptionIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const resources = 'Microsoft.Resources';

/**
 * The target of a path under `/subscriptions/{id}`; null for every other path.
 * @throws Fault `InvalidSubscriptionId` when the id is no id.
 */
export function armTargetOf(method: string, url: string): ArmTarget | null {
  const segments = pathSegments(url);
  const [first, subscriptionId] = segments;
  if (first?.toLowerCase() !== 'subscriptions' || subscriptionId === undefined) return null;
  if (!subscriptionIdPattern.test(subscriptionId)) {
    throw new Fault('InvalidSubscriptionId', `The provided subscription identifier '${subscriptionId}' is malformed or invalid.`);
  }
  const walk = { scope: `/subscriptions/${subscriptionId}`, type: `${resources}/subscriptions`, rest: segments.slice(2) };
  takeResourceGroup(walk);
  while (walk.rest[0]?.toLowerCase() === 'providers') takeProvider(walk);
  const [tail] = walk.rest;
  const action = tail === undefined ? verbOf(method, walk.type) : verbOf(method, `${walk.type}/${walk.rest.filter(isType).join('/')}`);
  return { scope: walk.scope, action, subscriptionId, isSubscription: segments.length === 2 };
}

interface Walk {
  scope: string;
  type: string;
  rest: string[];
}

const isType = (_segment: string, index: number): boolean => index % 2 === 0;

function takeResourceGroup(walk: Walk): void {
  const [word, name, ...rest] = walk.rest;
  if (word?.toLowerCase() !== 'resourcegroups') return;
  walk.type = `${resources}/subscriptions/resourceGroups`;
  if (name === undefined) walk.rest = [];
  else {
    walk.scope += `/resourceGroups/${name}`;
    walk.rest = rest;
  }
}

/** Takes `providers/{namespace}` and every `{type}/{name}` after it; what is left has no name: a collection or an action. */
function takeProvider(walk: Walk): void {
  const [, namespace, ...rest] = walk.rest;
  if (namespace === undefined || (rest.length === 0 && walk.scope.split('/').length === 3)) {
    walk.type = `${resources}/subscriptions/providers`;
    walk.rest = [];
    return;
  }
  walk.type = namespace;
  let prefix = `/providers/${namespace}`;
  while (rest.length >= 2 && rest[0]?.toLowerCase() !== 'providers') {
    const [type, name] = rest.splice(0, 2);
    walk.type += `/${type}`;
    walk.scope += `${prefix}/${type}/${name}`;
    prefix = '';
  }
  walk.rest = rest;
}

function verbOf(method: string, type: string): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return `${type}/read`;
    case 'DELETE':
      return `${type}/delete`;
    case 'POST':
      return `${type}/action`;
    default:
      return `${type}/write`;
  }
}

/** Segments as names: decoded, unless decoding would make a segment something else than one name. */
function pathSegments(url: string): string[] {
  const [path = ''] = url.split(/[?#]/, 1);
  return path.split('/').filter(Boolean).map(decodeSegment);
}

function decodeSegment(segment: string): string {
  try {
    const decoded = decodeURIComponent(segment);
    return decoded.includes('/') ? segment : decoded;
  } catch {
    return segment;
  }
}
