import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RegionName } from '#lib/domain';

/** One resource group: what registries are created, listed and deleted together in. */
@Entity({ schema: 'control', name: 'resource_groups' })
@Index('resource_groups_name_key', ['subscriptionId', 'nameKey'], { unique: true })
export class ResourceGroupEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'resource_groups_pkey' })
  id!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  /** The name in the casing last given. */
  @Column('text')
  name!: string;

  /** `name` in lower case: unique in its subscription. */
  @Column({ type: 'text', name: 'name_key', collation: 'C' })
  nameKey!: string;

  @Column('text')
  location!: RegionName;

  @Column('jsonb')
  tags!: Record<string, string>;

  /** Id of the resource that manages this group, as the client gave it. */
  @Column('text', { name: 'managed_by', nullable: true })
  managedBy!: string | null;

  /** Deleting: its resources are going, nothing may be made in it. */
  @Column('text', { name: 'provisioning_state' })
  provisioningState!: 'Succeeded' | 'Deleting';

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  /** Grows by one with every change; the ETag. */
  @Column('integer')
  version!: number;
}
