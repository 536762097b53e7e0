import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** What a role assignment is about, by the id that is never used again. */
export class RoleAssignmentsResourceId1764100300000 implements MigrationInterface {
  readonly name = 'RoleAssignmentsResourceId1764100300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE identity.role_assignments ADD COLUMN resource_id uuid`);
    await runner.query(
      `CREATE INDEX role_assignments_resource_id_idx ON identity.role_assignments (resource_id) WHERE resource_id IS NOT NULL`,
    );
  }

  down = noWayBack;
}
