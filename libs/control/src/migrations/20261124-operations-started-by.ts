import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** Who started an operation. Null for operations of processes that do not write it yet. */
export class OperationsStartedBy1764100200000 implements MigrationInterface {
  readonly name = 'OperationsStartedBy1764100200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE control.operations ADD COLUMN started_by uuid`);
  }

  down = noWayBack;
}
