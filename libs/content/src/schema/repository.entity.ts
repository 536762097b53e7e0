import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A place in a registry where manifests live. Made by the first push. */
@Entity({ schema: 'content', name: 'repositories' })
@Index('repositories_name', ['registryId', 'name'], { unique: true })
@Index('repositories_listed', ['registryId', 'name'], { where: 'listed' })
export class RepositoryEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'repositories_pkey', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column('uuid', { name: 'registry_id' })
  registryId!: string;

  @Column({ type: 'text', collation: 'C' })
  name!: string;

  /** Holds at least one manifest: what the catalog shows. Blobs alone make no repository anybody sees. */
  @Column('boolean', { default: false })
  listed!: boolean;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
