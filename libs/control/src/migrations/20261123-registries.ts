import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** Registries. */
export class Registries1764000200100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS control;
      CREATE TABLE control.registries (
        id                 uuid NOT NULL,
        tenant_id          uuid NOT NULL,
        subscription_id    uuid NOT NULL,
        resource_group     text NOT NULL,
        group_key          text COLLATE "C" NOT NULL,
        name               text NOT NULL,
        name_key           text COLLATE "C" NOT NULL,
        login_label        text NOT NULL,
        location           text NOT NULL,
        sku                text NOT NULL,
        tags               jsonb NOT NULL,
        identity           jsonb,
        settings           jsonb NOT NULL,
        admin_passwords    jsonb NOT NULL,
        provisioning_state text NOT NULL,
        system_data        jsonb NOT NULL,
        created_at         timestamptz NOT NULL,
        version            integer NOT NULL,
        CONSTRAINT registries_pkey PRIMARY KEY (id)
      );
      CREATE UNIQUE INDEX registries_name_key ON control.registries (name_key);
      CREATE UNIQUE INDEX registries_login_label ON control.registries (login_label);
      CREATE INDEX registries_by_subscription ON control.registries (subscription_id, name_key);
      CREATE INDEX registries_by_group ON control.registries (subscription_id, group_key, name_key);
    `);
  }

  down = noWayBack;
}
