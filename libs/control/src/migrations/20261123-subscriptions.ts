import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** Tenants, subscriptions, resource groups, operations. */
export class Subscriptions1764000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS control;
      CREATE TABLE control.tenants (
        id           uuid NOT NULL,
        display_name text NOT NULL,
        created_at   timestamptz NOT NULL,
        CONSTRAINT tenants_pkey PRIMARY KEY (id)
      );
      CREATE TABLE control.subscriptions (
        id           uuid NOT NULL,
        tenant_id    uuid NOT NULL,
        display_name text NOT NULL,
        state        text NOT NULL,
        created_at   timestamptz NOT NULL,
        CONSTRAINT subscriptions_pkey PRIMARY KEY (id)
      );
      CREATE INDEX subscriptions_by_tenant ON control.subscriptions (tenant_id, id);
      CREATE TABLE control.resource_groups (
        id                 uuid NOT NULL,
        subscription_id    uuid NOT NULL,
        name               text NOT NULL,
        name_key           text COLLATE "C" NOT NULL,
        location           text NOT NULL,
        tags               jsonb NOT NULL,
        managed_by         text,
        provisioning_state text NOT NULL,
        created_at         timestamptz NOT NULL,
        changed_at         timestamptz NOT NULL,
        version            integer NOT NULL,
        CONSTRAINT resource_groups_pkey PRIMARY KEY (id)
      );
      CREATE UNIQUE INDEX resource_groups_name_key ON control.resource_groups (subscription_id, name_key);
      CREATE TABLE control.operations (
        id               uuid NOT NULL,
        name             text NOT NULL,
        kind             text NOT NULL,
        status           text NOT NULL,
        tenant_id        uuid NOT NULL,
        subscription_id  uuid NOT NULL,
        resource_id      text NOT NULL,
        target_id        uuid NOT NULL,
        percent_complete integer NOT NULL,
        error            jsonb,
        result           jsonb,
        started_at       timestamptz NOT NULL,
        ended_at         timestamptz,
        CONSTRAINT operations_pkey PRIMARY KEY (id)
      );
      CREATE INDEX operations_by_target ON control.operations (target_id, started_at);
      CREATE INDEX operations_ended ON control.operations (ended_at) WHERE ended_at IS NOT NULL;
    `);
  }

  down = noWayBack;
}
