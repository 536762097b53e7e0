import { Get, Param, Query } from '@nestjs/common';
import { type ArmReply, ok } from '#lib/arm';
import { Fault, roleNames } from '#lib/domain';
import { roleNameOf } from '#lib/identity';
import { AnyCaller, Requires } from '../../arm-http/access.js';
import { type ArmCall, Call } from '../../arm-http/arm-call.js';
import { ArmController, FilterQuery, Verb } from '../../arm-http/arm-controller.js';
import { renderRoleDefinition, roleDefinitionPage, roleDefinitionView } from './role-assignment.schemas.js';
import { tagOf } from './role-assignments.controller.js';
import { RoleAssignmentsService } from './role-assignments.service.js';
import { readRoleFilter } from './role-filter.js';

const action = 'Microsoft.Authorization/roleDefinitions/read';

/** The roles there are, told the same way at every scope: they are built in. */
function roleDefinitionsAt(scope: string, suffix: 'Tenant' | keyof typeof tagOf) {
  // Below a subscription they are read by right; without one, every caller may know them.
  const mayRead = scope === '' ? AnyCaller() : Requires(action);

  @ArmController({
    area: 'authorization',
    type: 'roleDefinitions',
    tag: suffix === 'Tenant' ? 'Role definitions' : tagOf[suffix],
    path: `${scope}providers/Microsoft.Authorization/roleDefinitions`,
  })
  class ScopeRoleDefinitionsController {
    constructor(readonly service: RoleAssignmentsService) {}

    @mayRead
    @Get()
    @FilterQuery("roleName eq '{name}' or type eq 'BuiltInRole'", "roleName eq '[^']*'|type eq '[^']*'")
    @Verb({
      id: `RoleDefinitions_ListFor${suffix}`,
      description: 'Only built-in roles exist, the same at every scope. Filter by name to find the id that a role assignment needs.',
      summary: 'The roles there are.',
      answers: { 200: roleDefinitionPage },
    })
    async list(@Call() call: ArmCall, @Param('registryName') registry?: string, @Query('$filter') filterText?: unknown): Promise<ArmReply> {
      await this.#requireRegistry(call, registry);
      const { roleName, type } = readRoleFilter(filterText);
      const wanted = roleNames
        .filter((name) => roleName === undefined || name.toLowerCase() === roleName.toLowerCase())
        .filter(() => type === undefined || type.toLowerCase() === 'builtinrole');
      return ok({ value: wanted.map((name) => renderRoleDefinition(call.subscription?.id, name)) });
    }

    @mayRead
    @Get(':roleDefinitionId')
    @Verb({
      id: `RoleDefinitions_GetFor${suffix}`,
      description: 'Shows what the role allows: actions on the management side, data actions on content.',
      summary: 'One role.',
      answers: { 200: roleDefinitionView },
    })
    async get(@Call() call: ArmCall, @Param('roleDefinitionId') id: string, @Param('registryName') registry?: string): Promise<ArmReply> {
      await this.#requireRegistry(call, registry);
      const name = roleNameOf(id);
      if (name !== undefined) return ok(renderRoleDefinition(call.subscription?.id, name));
      throw new Fault('RoleDefinitionNotFound', `The specified role definition with ID '${id.slice(0, 64)}' does not exist.`);
    }

    async #requireRegistry(call: ArmCall, name: string | undefined): Promise<void> {
      if (name !== undefined) await this.service.scopeOf(call, name);
    }
  }
  return ScopeRoleDefinitionsController;
}

const group = 'subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/';

export const roleDefinitionsControllers = [
  roleDefinitionsAt('', 'Tenant'),
  roleDefinitionsAt('subscriptions/:subscriptionId/', 'Subscription'),
  roleDefinitionsAt(group, 'ResourceGroup'),
  roleDefinitionsAt(`${group}providers/Microsoft.ContainerRegistry/registries/:registryName/`, 'Registry'),
];
