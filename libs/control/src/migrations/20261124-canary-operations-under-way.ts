import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** The reconciler asks for the operations under way, which are few among all that ended. */
export class OperationsUnderWay1764100900000 implements MigrationInterface {
  readonly name = 'OperationsUnderWay1764100900000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX operations_under_way ON control.operations (id) WHERE ended_at IS NULL`);
  }

  down = noWayBack;
}
