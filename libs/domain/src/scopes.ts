/**
 * Token scopes (distribution token spec): `resourcetype[(class)] ":" resourcename ":" action *("," action)`.
 * The name may hold one colon more (a host with a port), so the type ends at the first colon and the actions start after the last.
 */
export interface Scope {
  type: string;
  name: string;
  actions: string[];
}

const scopePattern = /^([a-z][a-z0-9-]*)(?:\([a-z0-9]+\))?:([^\s]+):([a-z_*,]*)$/;

/** The parts of one scope, or null when the text is none. Empty and doubled actions are dropped. */
export function parseScope(text: string): Scope | null {
  const match = scopePattern.exec(text);
  if (!match) return null;
  const [, type, name, actions] = match as unknown as [string, string, string, string];
  return { type, name, actions: [...new Set(actions.split(',').filter(Boolean))] };
}

export function formatScope(scope: Scope): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(',')}`;
}

/** The actions a repository scope can name in ACR (data plane facts, section 1.3). */
export const repositoryActions = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'deleted_read', 'deleted_restore'] as const;
export type RepositoryAction = (typeof repositoryActions)[number];
