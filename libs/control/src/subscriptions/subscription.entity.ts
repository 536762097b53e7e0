import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Whether resources of a subscription may be changed (Enabled), only read (Disabled, Warned). */
export type SubscriptionState = 'Enabled' | 'Warned' | 'PastDue' | 'Disabled' | 'Deleted';

/** One subscription: what resource groups and registries are kept under. */
@Entity({ schema: 'control', name: 'subscriptions' })
@Index('subscriptions_by_tenant', ['tenantId', 'id'])
export class SubscriptionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'subscriptions_pkey' })
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('text', { name: 'display_name' })
  displayName!: string;

  @Column('text')
  state!: SubscriptionState;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
