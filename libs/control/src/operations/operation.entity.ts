import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Why an operation failed, in the words a failed request would have had. */
export interface OperationError {
  code: string;
  message: string;
}

/** One long-running operation of the management API: durable, so that it can be asked for after any restart. */
@Entity({ schema: 'control', name: 'operations' })
@Index('operations_by_target', ['targetId', 'startedAt'])
@Index('operations_under_way', ['id'], { where: 'ended_at IS NULL' })
@Index('operations_ended', ['endedAt'], { where: 'ended_at IS NOT NULL' })
export class OperationEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'operations_pkey' })
  id!: string;

  /** What clients see of the id: the collection, a dash, the id; e.g. `registries-6f96…`. */
  @Column('text')
  name!: string;

  /** What is being done, e.g. `CreateRegistry`. */
  @Column('text')
  kind!: string;

  /** Succeeded, Failed or Canceled once ended; until then the word clients see, e.g. `Creating`. */
  @Column('text')
  status!: string;

  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  /** Resource id of what it is done to, as the request named it. */
  @Column('text', { name: 'resource_id' })
  resourceId!: string;

  /** Row id of what it is done to. */
  @Column('uuid', { name: 'target_id' })
  targetId!: string;

  /** Object id of the principal that started it; null for what no caller started. */
  @Column('uuid', { name: 'started_by', nullable: true })
  startedBy!: string | null;

  @Column('integer', { name: 'percent_complete' })
  percentComplete!: number;

  @Column('jsonb', { nullable: true })
  error!: OperationError | null;

  /** What the operation's final answer carries, where it has a body. */
  @Column('jsonb', { nullable: true })
  result!: unknown;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
