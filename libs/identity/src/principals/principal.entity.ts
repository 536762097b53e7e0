import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Somebody who may sign in: a service principal, named by `clientId` where it logs in and by `id` (object id) where it holds roles. */
@Entity({ schema: 'identity', name: 'principals' })
@Index('principals_home_subscription_id_idx', ['homeSubscriptionId', 'id'])
export class PrincipalEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'principals_pkey' })
  id!: string;

  @Index('principals_client_id_key', { unique: true })
  @Column({ type: 'uuid', name: 'client_id' })
  clientId!: string;

  @Column({ type: 'uuid', name: 'tenant_id' })
  tenantId!: string;

  @Column({ type: 'text', name: 'display_name' })
  displayName!: string;

  /** The subscription whose Owners look after this principal; null: nobody does by the API. */
  @Column({ type: 'uuid', name: 'home_subscription_id', nullable: true })
  homeSubscriptionId!: string | null;

  /** One salt for all secrets of a principal: a check costs one scrypt, however many secrets there are, even none. */
  @Column({ type: 'bytea', name: 'secret_salt' })
  secretSalt!: Buffer;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;
}
