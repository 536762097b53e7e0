import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { RepositoryEntity } from './repository.entity.js';

/** A manifest in a repository, byte for byte as it was pushed. */
@Entity({ schema: 'content', name: 'manifests' })
@Index('manifests_subject', ['repositoryId', 'subject', 'digest'], { where: 'subject IS NOT NULL' })
@ForeignKey(() => RepositoryEntity, ['repositoryId'], ['id'], { name: 'manifests_repository' })
export class ManifestEntity {
  @PrimaryColumn('bigint', { name: 'repository_id', primaryKeyConstraintName: 'manifests_pkey' })
  repositoryId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'manifests_pkey' })
  digest!: string;

  @Column('text', { name: 'media_type' })
  mediaType!: string;

  @Column('text', { name: 'artifact_type', nullable: true })
  artifactType!: string | null;

  @Column('text', { name: 'config_media_type', nullable: true })
  configMediaType!: string | null;

  /** The manifest this one is about; it may be absent. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  subject!: string | null;

  /** What listings show of them, at most 64 KiB; the bytes hold them all. */
  @Column('jsonb', { default: {} })
  annotations!: Record<string, string>;

  @Column('bytea')
  bytes!: Buffer;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}

/** A manifest needs this blob or manifest of its repository. */
@Entity({ schema: 'content', name: 'manifest_references' })
@Index('manifest_references_digest', ['repositoryId', 'digest'])
@ForeignKey(() => ManifestEntity, ['repositoryId', 'manifestDigest'], ['repositoryId', 'digest'], { name: 'manifest_references_manifest' })
export class ManifestReferenceEntity {
  @PrimaryColumn('bigint', { name: 'repository_id', primaryKeyConstraintName: 'manifest_references_pkey' })
  repositoryId!: string;

  @PrimaryColumn({ type: 'text', name: 'manifest_digest', collation: 'C', primaryKeyConstraintName: 'manifest_references_pkey' })
  manifestDigest!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'manifest_references_pkey' })
  digest!: string;

  @Column('text')
  kind!: 'blob' | 'manifest';
}

/** A name for a manifest of the repository. The foreign key is the promise that no tag dangles. */
@Entity({ schema: 'content', name: 'tags' })
@Index('tags_digest', ['repositoryId', 'digest'])
@ForeignKey(() => ManifestEntity, ['repositoryId', 'digest'], ['repositoryId', 'digest'], { name: 'tags_manifest' })
export class TagEntity {
  @PrimaryColumn('bigint', { name: 'repository_id', primaryKeyConstraintName: 'tags_pkey' })
  repositoryId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'tags_pkey' })
  name!: string;

  @Column({ type: 'text', collation: 'C' })
  digest!: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
