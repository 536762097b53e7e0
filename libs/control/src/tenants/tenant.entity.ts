import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One tenant: the directory that principals and subscriptions belong to. */
@Entity({ schema: 'control', name: 'tenants' })
export class TenantEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'tenants_pkey' })
  id!: string;

  @Column('text', { name: 'display_name' })
  displayName!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
