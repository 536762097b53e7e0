import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An upload under way. Its bytes are a part in the bucket of `region`, known by the same id. */
@Entity({ schema: 'content', name: 'upload_sessions' })
@Index('upload_sessions_touched', ['region', 'touchedAt'])
@Index('upload_sessions_registry', ['registryId'])
@Index('upload_sessions_committing', ['committing'], { where: 'committing IS NOT NULL' })
export class UploadSessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'upload_sessions_pkey' })
  id!: string;

  @Column('uuid', { name: 'registry_id' })
  registryId!: string;

  @Column({ type: 'text', collation: 'C' })
  repository!: string;

  @Column('text', { name: 'principal_id' })
  principalId!: string;

  @Column({ type: 'text', collation: 'C' })
  region!: string;

  /** What the digest will probably be made with: which hash to keep while bytes arrive. */
  @Column('text', { default: 'sha256' })
  algorithm!: string;

  /** Bytes durably received: where the next one goes. */
  @Column('bigint', { default: 0 })
  received!: string;

  /** All bytes so far, as long as they are few; then there is no part in the bucket. */
  @Column('bytea', { nullable: true })
  head!: Buffer | null;

  /** Who writes now; nobody once `leased_until` has passed. */
  @Column('uuid', { nullable: true })
  lease!: string | null;

  @Column('timestamptz', { name: 'leased_until', nullable: true })
  leasedUntil!: Date | null;

  /** The digest this upload is about to become: its bytes may already lie under that name though no row says so. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  committing!: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'touched_at', default: () => 'now()' })
  touchedAt!: Date;
}

/** A link that may have lost its last manifest: to be looked at after a grace period. */
@Entity({ schema: 'content', name: 'link_reviews' })
@Index('link_reviews_due', ['enqueuedAt'])
export class LinkReviewEntity {
  @PrimaryColumn('bigint', { name: 'repository_id', primaryKeyConstraintName: 'link_reviews_pkey' })
  repositoryId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'link_reviews_pkey' })
  digest!: string;

  @Column('timestamptz', { name: 'enqueued_at', default: () => 'now()' })
  enqueuedAt!: Date;
}

/** Bytes in a region's bucket that may have lost their last link: to be looked at after a grace period. */
@Entity({ schema: 'content', name: 'blob_reviews' })
@Index('blob_reviews_due', ['region', 'enqueuedAt'])
export class BlobReviewEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blob_reviews_pkey' })
  digest!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blob_reviews_pkey' })
  region!: string;

  @Column('timestamptz', { name: 'enqueued_at', default: () => 'now()' })
  enqueuedAt!: Date;
}
