import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One of the secrets of a principal; only its scrypt hash is kept (N=16384, r=8, p=1, salt of the principal). */
@Entity({ schema: 'identity', name: 'client_secrets' })
@Index('client_secrets_principal_id_idx', ['principalId'])
export class ClientSecretEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'client_secrets_pkey' })
  id!: string;

  @Column({ type: 'uuid', name: 'principal_id' })
  principalId!: string;

  @Column({ type: 'text', name: 'display_name' })
  displayName!: string;

  @Column({ type: 'bytea' })
  hash!: Buffer;

  /** The first three characters, by which people tell their secrets apart. */
  @Column({ type: 'text' })
  hint!: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date;
}
