import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DataSource, EntityManager } from 'typeorm';
import { Fault, roleAllows, roleAllowsData, roles, type RoleName, type RoleRow } from '#lib/domain';
import type { Broadcast } from '#lib/platform';
import { roleAssignmentsChannel } from '../principals/principals.table.js';
import type { RoleAssignmentEntity } from './role-assignment.entity.js';
import { type AroundScope, RoleAssignmentsTable } from './role-assignments.table.js';
import { scopeCovers, scopeKey, scopeText } from './scopes.js';

/** What a principal may do at one resource. */
export interface AllowedActions {
  /** The roles that reach this resource, from its own scope and those above. */
  readonly roles: readonly RoleName[];
  /** A management action, such as `Microsoft.ContainerRegistry/registries/read`. */
  allows(action: string): boolean;
  /** An action on content, such as `Microsoft.ContainerRegistry/registries/repositories/content/read`. */
  allowsData(action: string): boolean;
}

/** A role held by a principal at a scope. */
export interface RoleAssignment {
  id: string;
  principalId: string;
  roleName: RoleName;
  roleDefinitionId: string;
  scope: string;
  description: string;
  createdAt: Date;
  createdBy: string | null;
}

export interface AssignOptions {
  /** The ARM name of the assignment; absent: a new one. */
  id?: string;
  description?: string;
  /** The object id of who assigns. */
  createdBy?: string;
  /** The id of the registry or resource group that the scope names; the caller keeps its row from being deleted (`kept`). */
  resourceId?: string | null;
}

export interface RoleAssignmentsOptions {
  dataSource: DataSource;
  broadcast: Broadcast;
  now?: () => number;
}

/** A role and where it is held: a scope in lower case. */
export interface HeldRole {
  role: RoleName;
  scopeKey: string;
}

/** How long a process may go on with what it knows when no announcement reaches it. */
const rememberedMs = 10_000;
const roleById: ReadonlyMap<string, RoleName> = new Map(Object.entries(roles).map(([name, row]) => [row.id, name as RoleName]));

/** Who holds which role where, and what follows from it. A role holds at its scope and below. */
export class RoleAssignments {
  readonly #table: RoleAssignmentsTable;
  readonly #broadcast: Broadcast;
  readonly #now: () => number;
  readonly #held = new LRUCache<string, { at: number; roles: Promise<HeldRole[]> }>({ max: 10_000 });
  #unsubscribe: (() => void) | undefined;

  constructor(options: RoleAssignmentsOptions) {
    this.#table = new RoleAssignmentsTable(options.dataSource, options.broadcast);
    this.#broadcast = options.broadcast;
    this.#now = options.now ?? Date.now;
  }

  /** Listens for changes made by other processes. Without it they are seen after at most 10 seconds. */
  async start(): Promise<void> {
    if (this.#unsubscribe) return;
    this.#broadcast.onReconnect(() => this.#held.clear());
    this.#unsubscribe = await this.#broadcast.subscribe(roleAssignmentsChannel, (principalId) => this.#held.delete(principalId));
  }

  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** What the principal may do at a resource, by roles at the resource and at every scope above it. */
  async actionsAt(principalId: string, resourceId: string): Promise<AllowedActions> {
    const key = scopeKey(resourceId);
    const names = (await this.#roles(principalId)).filter((held) => scopeCovers(held.scopeKey, key)).map((held) => held.role);
    const rows: RoleRow[] = names.map((name) => roles[name]);
    return {
      roles: names,
      allows: (action) => rows.some((row) => roleAllows(row, action)),
      allowsData: (action) => rows.some((row) => roleAllowsData(row, action)),
    };
  }

  /** Every role of the principal, wherever it is held. */
  held(principalId: string): Promise<readonly HeldRole[]> {
    return this.#roles(principalId);
  }

  /** Whether the principal holds any role at the scope, above it or below it: whether it may know that the scope exists. */
  async sees(principalId: string, scope: string): Promise<boolean> {
    const key = scopeKey(scope);
    return (await this.#roles(principalId)).some((held) => scopeCovers(held.scopeKey, key) || scopeCovers(key, held.scopeKey));
  }

  /** Assigns a role. Assigning it again changes nothing and returns what there is. */
  async assign(
    principalId: string,
    roleName: RoleName,
    scope: string,
    options: AssignOptions = {},
    manager?: EntityManager,
  ): Promise<{ assignment: RoleAssignment; isNew: boolean }> {
    const row: RoleAssignmentEntity = {
      id: options.id ?? randomUUID(),
      principalId,
      roleDefinitionId: roles[roleName].id,
      scope: scopeText(scope),
      scopeKey: scopeKey(scope),
      resourceId: options.resourceId ?? null,
      description: options.description ?? '',
      createdAt: new Date(this.#now()),
      createdBy: options.createdBy ?? null,
    };
    const isNew = await this.#table.insert(row, manager);
    this.#held.delete(principalId);
    if (isNew) return { assignment: view(row), isNew };
    const there = (await this.#table.equalTo(row, manager)) ?? (await this.#table.byId(row.id, manager));
    if (!there) throw new Fault('Conflict', 'The role assignment was changed by somebody else at the same time. Try again.');
    return { assignment: view(there), isNew };
  }

  async byId(id: string): Promise<RoleAssignment | null> {
    const row = await this.#table.byId(id);
    return row && view(row);
  }

  /** Everything a principal holds, also while it is disabled. */
  async ofPrincipal(principalId: string): Promise<RoleAssignment[]> {
    return (await this.#table.allOf(principalId)).map(view);
  }

  /** Changes what is written about an assignment; who holds which role where never changes. */
  async describe(id: string, description: string): Promise<void> {
    const row = await this.#table.byId(id);
    if (row) await this.#table.describe(row, description);
  }

  /** One page of the assignments that reach a scope: its own and those above it; with `below`, also those underneath. */
  async at(scope: string, page: AroundScope): Promise<RoleAssignment[]> {
    return (await this.#table.around(scopeKey(scope), page)).map(view);
  }

  /** Takes a role away; says whether there was such an assignment. */
  async unassign(id: string): Promise<boolean> {
    const row = await this.#table.byId(id);
    if (!row) return false;
    await this.#table.remove(row);
    this.#held.delete(row.principalId);
    return true;
  }

  /**
   * Removes what was assigned at a resource and below it, in the transaction that deletes the row of the resource: its name may
   * then be used again (threat 4). `id` is the id of that row.
   */
  async resourceGone(scope: string, id: string, manager: EntityManager): Promise<void> {
    await this.#table.removeUnder(scopeKey(scope), id, manager);
    this.#held.clear();
  }

  /** The roles of a principal, at most ten seconds old; concurrent askers share one query. */
  #roles(principalId: string): Promise<HeldRole[]> {
    const known = this.#held.get(principalId);
    const now = this.#now();
    if (known && now - known.at < rememberedMs) return known.roles;
    const read = this.#read(principalId);
    const entry = { at: now, roles: read };
    this.#held.set(principalId, entry);
    read.catch(() => {
      if (this.#held.peek(principalId) === entry) this.#held.delete(principalId);
    });
    return read;
  }

  async #read(principalId: string): Promise<HeldRole[]> {
    const rows = await this.#table.ofPrincipal(principalId);
    return rows.flatMap((row) => {
      const role = roleById.get(row.roleDefinitionId);
      return role === undefined ? [] : [{ role, scopeKey: row.scopeKey }];
    });
  }
}

/** The role with this definition id, if we know one. */
export function roleNameOf(roleDefinitionId: string): RoleName | undefined {
  return roleById.get(roleDefinitionId.toLowerCase());
}

function view(row: RoleAssignmentEntity): RoleAssignment {
  const { id, principalId, roleDefinitionId, scope, description, createdAt, createdBy } = row;
  const roleName = roleById.get(roleDefinitionId);
  if (roleName === undefined) throw new Error(`Role assignment ${id} names the unknown role ${roleDefinitionId}.`);
  return { id, principalId, roleName, roleDefinitionId, scope, description, createdAt, createdBy };
}
