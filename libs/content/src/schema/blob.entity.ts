import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { RepositoryEntity } from './repository.entity.js';

/** Bytes that somebody pushed, once for the whole installation. Small ones lie here, others where `blob_placements` says. */
@Entity({ schema: 'content', name: 'blobs' })
export class BlobEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blobs_pkey' })
  digest!: string;

  @Column('bigint')
  size!: string;

  @Column('bytea', { name: 'inline_bytes', nullable: true })
  inlineBytes!: Buffer | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** The fact that a region's bucket holds a blob. */
@Entity({ schema: 'content', name: 'blob_placements' })
@ForeignKey(() => BlobEntity, ['digest'], ['digest'], { name: 'blob_placements_blob' })
export class BlobPlacementEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blob_placements_pkey' })
  digest!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blob_placements_pkey' })
  region!: string;

  @Column('text', { default: 'stored' })
  state!: 'stored';

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** The right to read a blob through a repository. Knowing a digest gives no right. */
@Entity({ schema: 'content', name: 'repository_blobs' })
@Index('repository_blobs_digest', ['digest'])
@Index('repository_blobs_created', ['createdAt'], { type: 'brin' })
@ForeignKey(() => RepositoryEntity, ['repositoryId'], ['id'], { name: 'repository_blobs_repository' })
@ForeignKey(() => BlobEntity, ['digest'], ['digest'], { name: 'repository_blobs_blob' })
export class RepositoryBlobEntity {
  @PrimaryColumn('bigint', { name: 'repository_id', primaryKeyConstraintName: 'repository_blobs_pkey' })
  repositoryId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'repository_blobs_pkey' })
  digest!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
