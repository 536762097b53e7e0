import type { Scope } from '#lib/domain';

/** What somebody may do in a registry. `catalog` lists repositories; the rest are ACR's repository actions. */
export type Right =
  'pull' | 'push' | 'delete' | 'metadata_read' | 'metadata_write' | 'deleted_read' | 'deleted_restore' | 'catalog' | 'deleted_catalog';

export const everyRight: ReadonlySet<Right> = new Set<Right>([
  'pull',
  'push',
  'delete',
  'metadata_read',
  'metadata_write',
  'deleted_read',
  'deleted_restore',
  'catalog',
  'deleted_catalog',
]);
export const noRight: ReadonlySet<Right> = new Set<Right>();
/** What nobody in particular may do where anonymous pull is on: read content, and no list of repositories. */
export const anonymousRights: ReadonlySet<Right> = new Set<Right>(['pull', 'metadata_read']);

/** The rights at a host that is not a registry: to list. The list holds what the rules of each registry let its caller see. */
export const hostRights: ReadonlySet<Right> = new Set<Right>(['catalog']);

/** The rights a `*` in a repository scope stands for. */
const repositoryRights = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'deleted_read', 'deleted_restore'] as const;

/** One entry of the `access` claim. */
export interface AccessEntry {
  type: string;
  name: string;
  actions: string[];
}

/**
 * What of a requested scope the rights grant: the intersection, which may be empty (distribution token spec, "requesting a token").
 * `*` is granted as `*` to those who have all it stands for; others get what they have of it.
 */
export function grant(scope: Scope, rights: ReadonlySet<Right>): AccessEntry {
  return { type: scope.type, name: scope.name, actions: grantedActions(scope, rights) };
}

function grantedActions({ type, name, actions }: Scope, rights: ReadonlySet<Right>): string[] {
  if (type === 'repository') {
    if (!actions.includes('*'))
      return actions.filter((action) => (repositoryRights as readonly string[]).includes(action) && rights.has(action as Right));
    const held = repositoryRights.filter((right) => rights.has(right));
    return held.length === repositoryRights.length ? ['*'] : held;
  }
  if (type === 'registry') {
    const right = catalogRight(name.slice(name.lastIndexOf('/') + 1));
    return right && actions.includes('*') && rights.has(right) ? ['*'] : [];
  }
  return [];
}

function catalogRight(name: string): Right | null {
  if (name === 'catalog') return 'catalog';
  return name === 'deleted_catalog' ? 'deleted_catalog' : null;
}

/** Whether the entries allow `action` on `name`. A wildcard entry is `*`, or `{registry}/*` in path style. */
export function allows(access: readonly AccessEntry[], type: string, name: string, action: string): boolean {
  for (const entry of access) {
    if (entry.type !== type || !names(entry.name, name)) continue;
    if (entry.actions.includes(action) || entry.actions.includes('*')) return true;
  }
  return false;
}

function names(pattern: string, name: string): boolean {
  if (pattern === name || pattern === '*') return true;
  return pattern.endsWith('/*') && name.startsWith(pattern.slice(0, -1));
}
