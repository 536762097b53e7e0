import { Body, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { type ArmReply, created, noContent, ok } from '#lib/arm';
import { type ArmCall, Call } from '../../arm-http/arm-call.js';
import { ArmController, Verb } from '../../arm-http/arm-controller.js';
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

/** The same five verbs at each kind of scope: ARM hangs role assignments under whatever they are about. */
function roleAssignmentsAt(scope: string, suffix: string) {
  @ArmController({
    area: 'authorization',
    type: 'roleAssignments',
    tag: 'Role assignments',
    path: `${scope}/providers/Microsoft.Authorization/roleAssignments`,
  })
  class ScopeRoleAssignmentsController {
    constructor(
      readonly service: RoleAssignmentsService,
      readonly pages: Pages,
    ) {}

    @Get()
    @ApiQuery({ name: '$filter', required: false, description: "atScope(), principalId eq '{id}' or assignedTo('{id}')" })
    @Verb({
      id: `RoleAssignments_ListFor${suffix}`,
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
      const { row, isNew } = await this.service.put(call, await this.service.scopeOf(call, registry), name, body);
      return (isNew ? created : ok)(renderRoleAssignment(idOf(call), row));
    }

    @Delete(':roleAssignmentName')
    @Verb({
      id: `RoleAssignments_DeleteFor${suffix}`,
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
