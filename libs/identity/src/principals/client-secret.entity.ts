import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/**
 * How a secret is hashed. `sha256` for secrets we generate: 240 random bits are not guessed, so the hash need not be slow. `scrypt`
 * (N=16384, r=8, p=1, salt of the principal) for what people choose, and for secrets from before kinds were told apart.
 */
export type HashKind = 'sha256' | 'scrypt';

/** One of the secrets of a principal; only its hash is kept. */
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

  @Column({ type: 'text', name: 'hash_kind', default: 'scrypt' })
  hashKind!: HashKind;

  /** The first three characters, by which people tell their secrets apart. */
  @Column({ type: 'text' })
  hint!: string;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'expires_at' })
  expiresAt!: Date;
}
