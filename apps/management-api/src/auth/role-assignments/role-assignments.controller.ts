import { Body, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { type ArmReply, created, noContent, ok } from '#lib/arm';
import { type ArmCall, Call } from '../../arm-http/arm-call.js';
import { ArmController, FilterQuery, Verb } from '../../arm-http/arm-controller.js';
import { Pages } from '../../arm-http/pages.js';
import {
  renderRoleAssignment,
  roleAssignmentPage,
  type RoleAssignmentPut,
  roleAssignmentPut,
  roleAssignmentView,
} from './role-assignment.schemas.js';
import { RoleAssignmentsService } from './role-assignments.service.js';

const actions = 'Microsoft.Authorization/roleAssignments';
const guid = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const term = String.raw`(atScope\(\)|atScopeAndBelow\(\)|principalId eq '${guid}'|assignedTo\('${guid}'\))`;
const assignmentFilter = `${term}( and ${term})*`;
/** Where the operations at each kind of scope stand in the documentation. */
export const tagOf = {
  Subscription: 'Roles at a subscription',
  ResourceGroup: 'Roles at a resource group',
  Registry: 'Roles at a registry',
} as const;

/** The same five verbs at each kind of scope: ARM hangs role assignments under whatever they are about. */
function roleAssignmentsAt(scope: string, suffix: keyof typeof tagOf) {
  @ArmController({
    area: 'authorization',
    type: 'roleAssignments',
    tag: tagOf[suffix],
    path: `${scope}/providers/Microsoft.Authorization/roleAssignments`,
  })
  class ScopeRoleAssignmentsController {
    constructor(
      readonly service: RoleAssignmentsService,
      readonly pages: Pages,
    ) {}

    @Get()
    @FilterQuery("atScope(), principalId eq '{id}' or assignedTo('{id}')", assignmentFilter)
    @Verb({
      id: `RoleAssignments_ListFor${suffix}`,
      description:
        'Also shows what is assigned above, since it holds here too, and below. Use `$filter` to ask for one principal or for this scope alone.',
      paged: true,
      summary: 'Role assignments at this scope, above and below it.',
      action: `${actions}/read`,
      answers: { 200: roleAssignmentPage },
    })
    async list(@Call() call: ArmCall, @Param('registryName') registry?: string, @Query('$filter') filter?: unknown): Promise<ArmReply> {
      const slice = await this.service.list(await this.service.scopeOf(call, registry), this.pages.read(call), filter);
      return this.pages.reply(call, slice, (row) => renderRoleAssignment(idOf(call), row));
    }

    @Get(':roleAssignmentName')
    @Verb({
      id: `RoleAssignments_GetFor${suffix}`,
      description: 'Finds an assignment by its GUID.',
      summary: 'One role assignment.',
      action: `${actions}/read`,
      answers: { 200: roleAssignmentView },
    })
    async get(
      @Call() call: ArmCall,
      @Param('roleAssignmentName') name: string,
      @Param('registryName') registry?: string,
    ): Promise<ArmReply> {
      return ok(renderRoleAssignment(idOf(call), await this.service.get(await this.service.scopeOf(call, registry), name)));
    }

    @Put(':roleAssignmentName')
    @Verb({
      id: `RoleAssignments_CreateFor${suffix}`,
      description:
        'The name is a GUID of your choice, so that a repeated request changes nothing. A principal can hold the same role at a scope only once.',
      summary: 'Assigns a role to a service principal at this scope.',
      action: `${actions}/write`,
      answers: { 200: roleAssignmentView, 201: roleAssignmentView },
    })
    async put(
      @Call() call: ArmCall,
      @Param('roleAssignmentName') name: string,
      @Body({ schema: roleAssignmentPut }) body: RoleAssignmentPut,
      @Param('registryName') registry?: string,
    ): Promise<ArmReply> {
      const { row, isNew } = await this.service.put(call, await this.service.scopeOf(call, registry), name, body, registry);
      return (isNew ? created : ok)(renderRoleAssignment(idOf(call), row));
    }

    @Delete(':roleAssignmentName')
    @Verb({
      id: `RoleAssignments_DeleteFor${suffix}`,
      description:
        'Holds from the next request of the principal on. The last Owner of a subscription cannot be removed. Answers 204 if there is no such assignment.',
      summary: 'Takes a role away.',
      action: `${actions}/delete`,
      answers: { 200: roleAssignmentView, 204: null },
    })
    async delete(
      @Call() call: ArmCall,
      @Param('roleAssignmentName') name: string,
      @Param('registryName') registry?: string,
    ): Promise<ArmReply> {
      const row = await this.service.delete(await this.service.scopeOf(call, registry), name);
      return row ? ok(renderRoleAssignment(idOf(call), row)) : noContent();
    }
  }
  return ScopeRoleAssignmentsController;
}

const idOf = (call: ArmCall): string => call.subscription?.id ?? '';
const group = 'subscriptions/:subscriptionId/resourceGroups/:resourceGroupName';

export const roleAssignmentsControllers = [
  roleAssignmentsAt('subscriptions/:subscriptionId', 'Subscription'),
  roleAssignmentsAt(group, 'ResourceGroup'),
  roleAssignmentsAt(`${group}/providers/Microsoft.ContainerRegistry/registries/:registryName`, 'Registry'),
];
