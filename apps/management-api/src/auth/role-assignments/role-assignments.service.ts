import { Injectable } from '@nestjs/common';
import { foldId, formatResourceId, sliceOf, type Slice } from '#lib/arm';
import { ControlStore } from '#lib/control';
import { Fault } from '#lib/domain';
import { Principals, type RoleAssignment, RoleAssignments, roleNameOf } from '#lib/identity';
import type { ArmCall } from '../../arm-http/arm-call.js';
import { resourceGroupNotFound, resourceNotFound } from '../../arm-http/not-found.js';
import type { PageRequest } from '../../arm-http/pages.js';
import { requireAlive } from '../../resources/resource-groups.service.js';
import type { RoleAssignmentPut } from './role-assignment.schemas.js';
import { readRoleFilter } from './role-filter.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Who holds which role at a subscription, a resource group or a registry, and above and below it. */
@Injectable()
export class RoleAssignmentsService {
  constructor(
    private readonly roles: RoleAssignments,
    private readonly principals: Principals,
    private readonly control: ControlStore,
  ) {}

  /** The scope a request is about, in the letters of what is there. */
  async scopeOf(call: ArmCall, registryName: string | undefined): Promise<string> {
    const subscriptionId = call.subscription?.id;
    if (subscriptionId === undefined) throw new Error('Role assignments lie under a subscription.');
    const resourceGroup = call.resourceGroup?.name;
    if (registryName === undefined || resourceGroup === undefined) return formatResourceId({ subscriptionId, resourceGroup });
    const registry = await this.control.registries.byName(registryName);
    const provider = 'Microsoft.ContainerRegistry';
    const id = formatResourceId({ subscriptionId, resourceGroup, provider, steps: [{ type: 'registries', name: registryName }] });
    if (!registry || registry.subscriptionId !== subscriptionId || foldId(registry.resourceGroup) !== foldId(resourceGroup)) {
      throw resourceNotFound(`registries/${registryName}`, resourceGroup);
    }
    return id;
  }

  async list(scope: string, { limit, after }: PageRequest, filterText: unknown): Promise<Slice<RoleAssignment>> {
    const { atScope, principalId } = readRoleFilter(filterText);
    const rows = await this.roles.at(scope, {
      below: !atScope,
      limit: limit + 1,
      ...(principalId !== undefined && { principalId }),
      ...(after !== undefined && { after: String(after[0]) }),
    });
    return sliceOf(rows, limit, (row) => [row.id]);
  }

  async get(scope: string, name: string): Promise<RoleAssignment> {
    const found = await this.#find(scope, name);
    if (found) return found;
    throw new Fault('RoleAssignmentNotFound', `The role assignment '${name.slice(0, 64)}' is not found.`);
  }

  /** Assigns; an assignment is never changed into another one, only described anew. */
  async put(
    call: ArmCall,
    scope: string,
    name: string,
    { properties }: RoleAssignmentPut,
    registryName: string | undefined,
  ): Promise<{ row: RoleAssignment; isNew: boolean }> {
    const id = requireGuid(name);
    const roleName = roleNameOf(properties.roleDefinitionId.split('/').at(-1) ?? '');
    if (roleName === undefined) {
      const shown = properties.roleDefinitionId.slice(0, 128);
      throw new Fault('RoleDefinitionNotFound', `The specified role definition with ID '${shown}' does not exist.`);
    }
    const principal = await this.#principal(call, properties.principalId);
    const before = await this.roles.byId(id);
    if (before) {
      const same = before.principalId === principal.id && before.roleName === roleName && foldId(before.scope) === foldId(scope);
      if (!same) {
        throw new Fault(
          'RoleAssignmentUpdateNotPermitted',
          'Tenant ID, application ID, principal ID, role definition ID, and scope are not allowed to be updated.',
        );
      }
      const description = properties.description ?? '';
      await this.roles.describe(id, description);
      return { row: { ...before, description }, isNew: false };
    }
    const { assignment, isNew } = await this.control.transaction(async (store, manager) => {
      const resourceId = await keptResource(store, call, registryName);
      const options = { id, description: properties.description ?? '', createdBy: call.caller.principalId, resourceId };
      return this.roles.assign(principal.id, roleName, scope, options, manager);
    });
    if (!isNew) {
      const existing = assignment.id.replaceAll('-', '');
      throw new Fault('RoleAssignmentExists', `The role assignment already exists. The ID of the existing role assignment is ${existing}.`);
    }
    return { row: assignment, isNew };
  }

  /** The assignment taken away; null when there was none. */
  async delete(scope: string, name: string): Promise<RoleAssignment | null> {
    const found = await this.#find(scope, requireGuid(name));
    if (!found) return null;
    await this.roles.unassign(found.id);
    return found;
  }

  /** An assignment is found where it was made, not by its name alone: its name opens nothing in another scope. */
  async #find(scope: string, name: string): Promise<RoleAssignment | null> {
    const id = name.toLowerCase();
    const found = uuid.test(id) ? await this.roles.byId(id) : null;
    return found && foldId(found.scope) === foldId(scope) ? found : null;
  }

  /** Roles are given within a tenant. */
  async #principal(call: ArmCall, principalId: string) {
    const principal = await this.principals.byId(principalId);
    if (principal && principal.tenantId === call.subscription?.tenantId) return principal;
    throw new Fault('PrincipalDoesNotExist', `Principal ${principalId} does not exist in the directory ${call.caller.tenantId}.`);
  }
}

function requireGuid(name: string): string {
  const id = name.toLowerCase();
  if (uuid.test(id)) return id;
  throw new Fault('InvalidParameter', `The role assignment ID '${name.slice(0, 64)}' is not valid. The role assignment ID must be a GUID.`);
}

/**
 * The id of what a role is assigned at, kept from being deleted until the transaction ends; null for a subscription. What is being
 * deleted already takes no roles: its name may be another's before they are looked for.
 */
async function keptResource(store: ControlStore, call: ArmCall, registryName: string | undefined): Promise<string | null> {
  const subscriptionId = call.subscription!.id;
  if (!call.resourceGroup) return null;
  const group = await store.resourceGroups.kept(subscriptionId, call.resourceGroup.name);
  if (!group) throw resourceGroupNotFound(call.resourceGroup.name);
  requireAlive(group);
  if (registryName === undefined) return group.id;
  const registry = await store.registries.kept({ subscriptionId, resourceGroup: group.name, name: registryName });
  if (!registry) throw resourceNotFound(`registries/${registryName}`, group.name);
  if (registry.provisioningState !== 'Deleting') return registry.id;
  throw new Fault('RegistryBusy', `The registry ${registry.name} is being deleted: no role can be assigned at it.`);
}
