import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A principal holds a role at a scope and below (ARM `Microsoft.Authorization/roleAssignments`). */
@Entity({ schema: 'identity', name: 'role_assignments' })
@Index('role_assignments_principal_role_scope_key', ['principalId', 'roleDefinitionId', 'scopeKey'], { unique: true })
@Index('role_assignments_scope_key_idx', ['scopeKey'])
@Index('role_assignments_resource_id_idx', ['resourceId'], { where: 'resource_id IS NOT NULL' })
export class RoleAssignmentEntity {
  /** The ARM name of the assignment. */
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'role_assignments_pkey' })
  id!: string;

  @Column({ type: 'uuid', name: 'principal_id' })
  principalId!: string;

  /** The id of a row of the roles table of `libs/domain`. */
  @Column({ type: 'uuid', name: 'role_definition_id' })
  roleDefinitionId!: string;

  /** The scope as given: `/`, or a resource id without trailing slash. */
  @Column({ type: 'text' })
  scope!: string;

  /** The scope as compared: in lower case. */
  @Column({ type: 'text', name: 'scope_key' })
  scopeKey!: string;

  /**
   * The id of the row that the scope names, which never changes and is never used again: of a registry or a resource group. Null
   * for other scopes, and for assignments made before it was kept.
   */
  @Column({ type: 'uuid', name: 'resource_id', nullable: true })
  resourceId!: string | null;

  @Column({ type: 'text' })
  description!: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  /** The object id of who assigned it; null for what the installation assigned itself. */
  @Column({ type: 'uuid', name: 'created_by', nullable: true })
  createdBy!: string | null;
}
