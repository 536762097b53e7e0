import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Distinct content of a registry: a blob or manifest counts once, however many of its repositories (`links`) hold it. */
@Entity({ schema: 'content', name: 'registry_blobs' })
export class RegistryBlobEntity {
  @PrimaryColumn('uuid', { name: 'registry_id', primaryKeyConstraintName: 'registry_blobs_pkey' })
  registryId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'registry_blobs_pkey' })
  digest!: string;

  @Column('bigint')
  size!: string;

  @Column('integer')
  links!: number;
}

/** A share of what a registry holds. The sum over the shards is exact; a single one means nothing and may be negative. */
@Entity({ schema: 'content', name: 'usage_shards' })
export class UsageShardEntity {
  @PrimaryColumn('uuid', { name: 'registry_id', primaryKeyConstraintName: 'usage_shards_pkey' })
  registryId!: string;

  @PrimaryColumn('smallint', { primaryKeyConstraintName: 'usage_shards_pkey' })
  shard!: number;

  @Column('bigint')
  bytes!: string;

  /** What uploads under way have brought. Triggers on `upload_sessions` count it, in the shard that the last digit of the session's id names. */
  @Column('bigint', { name: 'open_bytes', default: 0 })
  openBytes!: string;
}
