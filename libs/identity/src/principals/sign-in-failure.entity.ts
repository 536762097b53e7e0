import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Failed sign-ins with one credential from one address, over all processes. Rows whose time has passed are deleted. */
@Entity({ schema: 'identity', name: 'sign_in_failures' })
export class SignInFailureEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'sign_in_failures_pkey' })
  key!: string;

  @Column({ type: 'integer' })
  failures!: number;

  @Index('sign_in_failures_until_idx')
  @Column({ type: 'timestamptz' })
  until!: Date;
}
