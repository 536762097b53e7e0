import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RegionName, SkuName } from '#lib/domain';
import type { AdminPasswordName, ProvisioningState, RegistryIdentity, RegistrySettings, SystemData } from './registry-settings.js';

/** One admin password: sealed so that it can be shown to its owner, and digested so that the data plane can compare. */
export interface SealedPassword {
  name: AdminPasswordName;
  sealed: string;
  sha256: string;
}

/** One registry: what its owner wants it to be. */
@Entity({ schema: 'control', name: 'registries' })
@Index('registries_by_subscription', ['subscriptionId', 'nameKey'])
@Index('registries_by_group', ['subscriptionId', 'groupKey', 'nameKey'])
export class RegistryEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'registries_pkey' })
  id!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  /** The resource group, as it was written when the registry was made. */
  @Column('text', { name: 'resource_group' })
  resourceGroup!: string;

  /** `resourceGroup` in lower case: how it is looked for. */
  @Column({ type: 'text', name: 'group_key', collation: 'C' })
  groupKey!: string;

  /** The name as its owner wrote it. */
  @Column('text')
  name!: string;

  /** `name` in lower case: unique in the whole installation. */
  @Index('registries_name_key', { unique: true })
  @Column({ type: 'text', name: 'name_key', collation: 'C' })
  nameKey!: string;

  /** First label of the login server, in lower case: the name, or the name and a hash. */
  @Index('registries_login_label', { unique: true })
  @Column('text', { name: 'login_label' })
  loginLabel!: string;

  /** The home region. */
  @Column('text')
  location!: RegionName;

  @Column('text')
  sku!: SkuName;

  @Column('jsonb')
  tags!: Record<string, string>;

  @Column('jsonb', { nullable: true })
  identity!: RegistryIdentity | null;

  @Column('jsonb')
  settings!: RegistrySettings;

  @Column('jsonb', { name: 'admin_passwords' })
  adminPasswords!: SealedPassword[];

  @Column('text', { name: 'provisioning_state' })
  provisioningState!: ProvisioningState;

  @Column('jsonb', { name: 'system_data' })
  systemData!: SystemData;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Grows by one with every change; the ETag, and what makes two writers notice each other. */
  @Column('integer')
  version!: number;
}
