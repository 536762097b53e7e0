import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/**
 * Registries that were said to be encrypted with a customer's key, or to have user-assigned identities, never were and had:
 * nothing used the one, and nothing makes the other. From now on neither can be asked for.
 */
export class RegistriesAsTheyAre1764000300400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE control.registries
      SET settings = jsonb_set(settings, '{encryption,status}', '"disabled"'), version = version + 1
      WHERE settings #>> '{encryption,status}' = 'enabled';
      UPDATE control.registries
      SET identity = CASE identity ->> 'type' WHEN 'UserAssigned' THEN '{"type": "None"}'
          ELSE jsonb_set(identity - 'userAssignedIdentities', '{type}', '"SystemAssigned"') END,
        version = version + 1
      WHERE identity ? 'userAssignedIdentities';
    `);
  }

  down = noWayBack;
}
