import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A job that must follow a change: written in the transaction of the change, handed to the queue after it, then deleted. */
@Entity({ schema: 'platform', name: 'outbox' })
@Index('outbox_due', ['availableAt', 'id'])
export class OutboxEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', primaryKeyConstraintName: 'outbox_pkey', generatedIdentity: 'ALWAYS' })
  id!: string;

  @Column({ type: 'text' })
  queue!: string;

  @Column({ type: 'text' })
  job!: string;

  /** The parts of the definition's key, joined; which payloads are the same work. */
  @Column({ type: 'text' })
  key!: string;

  @Column({ type: 'jsonb' })
  payload!: unknown;

  @Column({ name: 'correlation_id', type: 'text', nullable: true })
  correlationId!: string | null;

  @Column({ name: 'available_at', type: 'timestamptz', default: () => 'now()' })
  availableAt!: Date;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
