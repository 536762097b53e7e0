import { z } from 'zod';
import { pageOf } from '#lib/arm';
import { type RoleName, type RoleRow, roles } from '#lib/domain';
import type { RoleAssignment } from '#lib/identity';

/** A role assignment on the wire (Microsoft.Authorization 2022-04-01). */
export const roleAssignmentView = z
  .object({
    id: z.string(),
    type: z.literal('Microsoft.Authorization/roleAssignments'),
    name: z.string(),
    properties: z.object({
      roleDefinitionId: z.string(),
      principalId: z.string(),
      principalType: z.literal('ServicePrincipal'),
      scope: z.string(),
      description: z.string().nullable(),
      condition: z.null(),
      conditionVersion: z.null(),
      createdOn: z.string(),
      updatedOn: z.string(),
      createdBy: z.string().nullable(),
      updatedBy: z.string().nullable(),
      delegatedManagedIdentityResourceId: z.null(),
    }),
  })
  .meta({ id: 'RoleAssignment' });
export type RoleAssignmentView = z.infer<typeof roleAssignmentView>;
export const roleAssignmentPage = pageOf(roleAssignmentView, 'RoleAssignmentListResult');

export const roleAssignmentPut = z
  .object({
    properties: z.object({
      roleDefinitionId: z.string().max(512).meta({ description: 'Id of a role definition, as the list of role definitions shows it.' }),
      principalId: z.uuid().meta({ description: 'Object id of the service principal.' }),
      principalType: z.string().max(64).nullish().meta({ description: 'ServicePrincipal.' }),
      description: z.string().max(1024).nullish(),
      condition: z.null().optional().meta({ description: 'Conditions are not supported.' }),
      conditionVersion: z.unknown().optional(),
      scope: z.unknown().optional().meta({ readOnly: true }),
      delegatedManagedIdentityResourceId: z.null().optional(),
    }),
  })
  .meta({ id: 'RoleAssignmentPut' });
export type RoleAssignmentPut = z.infer<typeof roleAssignmentPut>;

const permission = z.object({
  actions: z.array(z.string()),
  notActions: z.array(z.string()),
  dataActions: z.array(z.string()),
  notDataActions: z.array(z.string()),
});

/** A role definition on the wire; there are only built-in ones. */
export const roleDefinitionView = z
  .object({
    id: z.string(),
    type: z.literal('Microsoft.Authorization/roleDefinitions'),
    name: z.string(),
    properties: z.object({
      roleName: z.string(),
      type: z.literal('BuiltInRole'),
      description: z.string(),
      assignableScopes: z.array(z.string()),
      permissions: z.array(permission),
    }),
  })
  .meta({ id: 'RoleDefinition' });
export type RoleDefinitionView = z.infer<typeof roleDefinitionView>;
export const roleDefinitionPage = pageOf(roleDefinitionView, 'RoleDefinitionListResult');

/** Role definitions are known in every subscription under the same name; ids are told as the caller's subscription sees them. */
const roleDefinitionPath = (subscriptionId: string | undefined, id: string): string =>
  `${subscriptionId === undefined ? '' : `/subscriptions/${subscriptionId}`}/providers/Microsoft.Authorization/roleDefinitions/${id}`;

export function renderRoleDefinition(subscriptionId: string | undefined, roleName: RoleName): RoleDefinitionView {
  const row: RoleRow = roles[roleName];
  return {
    id: roleDefinitionPath(subscriptionId, row.id),
    type: 'Microsoft.Authorization/roleDefinitions',
    name: row.id,
    properties: {
      roleName,
      type: 'BuiltInRole',
      description: row.description,
      assignableScopes: ['/'],
      permissions: [
        { actions: [...row.actions], notActions: [...(row.notActions ?? [])], dataActions: [...row.dataActions], notDataActions: [] },
      ],
    },
  };
}

export function renderRoleAssignment(subscriptionId: string, row: RoleAssignment): RoleAssignmentView {
  const createdOn = row.createdAt.toISOString();
  const prefix = row.scope === '/' ? '' : row.scope;
  return {
    id: `${prefix}/providers/Microsoft.Authorization/roleAssignments/${row.id}`,
    type: 'Microsoft.Authorization/roleAssignments',
    name: row.id,
    properties: {
      roleDefinitionId: roleDefinitionPath(subscriptionId, row.roleDefinitionId),
      principalId: row.principalId,
      principalType: 'ServicePrincipal',
      scope: row.scope,
      description: row.description === '' ? null : row.description,
      condition: null,
      conditionVersion: null,
      createdOn,
      updatedOn: createdOn,
      createdBy: row.createdBy,
      updatedBy: row.createdBy,
      delegatedManagedIdentityResourceId: null,
    },
  };
}
