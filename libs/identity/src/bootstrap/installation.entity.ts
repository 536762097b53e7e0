import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The one row that says who came first: ids of the first tenant, subscription and principal, made once for ever. */
@Entity({ schema: 'identity', name: 'installation' })
export class InstallationEntity {
  /** Always 1: the table has one row. */
  @PrimaryColumn({ type: 'smallint', primaryKeyConstraintName: 'installation_pkey' })
  id!: number;

  @Column({ type: 'uuid', name: 'tenant_id' })
  tenantId!: string;

  @Column({ type: 'uuid', name: 'subscription_id' })
  subscriptionId!: string;

  @Column({ type: 'uuid', name: 'principal_id' })
  principalId!: string;

  @Column({ type: 'uuid', name: 'client_id' })
  clientId!: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
