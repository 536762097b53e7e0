import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An upload under way. Its bytes are a part in the bucket of `region`, known by the same id. */
@Entity({ schema: 'content', name: 'upload_sessions' })
@Index('upload_sessions_touched', ['region', 'touchedAt'])
@Index('upload_sessions_principal', ['registryId', 'principalId'])
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

/** A link that may have lost its last manifest, or never had one: the collector looks at it once it is due. */
@Entity({ schema: 'content', name: 'link_reviews' })
@Index('link_reviews_due', ['dueAt'])
export class LinkReviewEntity {
  @PrimaryColumn('bigint', { name: 'repository_id', primaryKeyConstraintName: 'link_reviews_pkey' })
  repositoryId!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'link_reviews_pkey' })
  digest!: string;

  /** When the review was last asked for. Processes of the version before read it. */
  @Column('timestamptz', { name: 'enqueued_at', default: () => 'now()' })
  enqueuedAt!: Date;

  @Column('timestamptz', { name: 'due_at', default: () => "(now() + '01:00:00')" })
  dueAt!: Date;

  @Column('text', { default: 'manifest-deleted' })
  reason!: 'manifest-deleted' | 'never-named';
}

/** Bytes in a region's bucket that may have lost their last link: the collector looks at them once they are due. */
@Entity({ schema: 'content', name: 'blob_reviews' })
@Index('blob_reviews_due', ['region', 'dueAt'])
export class BlobReviewEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blob_reviews_pkey' })
  digest!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'blob_reviews_pkey' })
  region!: string;

  /** When the review was last asked for. Processes of the version before read it. */
  @Column('timestamptz', { name: 'enqueued_at', default: () => 'now()' })
  enqueuedAt!: Date;

  @Column('timestamptz', { name: 'due_at', default: () => "(now() + '01:00:00')" })
  dueAt!: Date;

  @Column('text', { default: 'unlinked' })
  reason!: 'unlinked' | 'upload-ended';
}

/** How far a scan of a table by time has come. One process at a time holds the row and goes on. */
@Entity({ schema: 'content', name: 'scans' })
export class ScanEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'scans_pkey' })
  name!: 'unnamed-links';

  @Column('timestamptz', { name: 'reached_at' })
  reachedAt!: Date;
}
