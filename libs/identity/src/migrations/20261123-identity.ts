import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

export class Identity1764000100000 implements MigrationInterface {
  readonly name = 'Identity1764000100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS identity`);
    await runner.query(`
      CREATE TABLE identity.signing_keys (
        kid text NOT NULL,
        sealed_private_key text NOT NULL,
        public_jwk jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        activates_at timestamptz NOT NULL,
        CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
      )`);
    await runner.query(`
      CREATE TABLE identity.principals (
        id uuid NOT NULL,
        client_id uuid NOT NULL,
        tenant_id uuid NOT NULL,
        display_name text NOT NULL,
        home_subscription_id uuid,
        secret_salt bytea NOT NULL,
        enabled boolean NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT principals_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE UNIQUE INDEX principals_client_id_key ON identity.principals (client_id)`);
    await runner.query(`CREATE INDEX principals_home_subscription_id_idx ON identity.principals (home_subscription_id, id)`);
    await runner.query(`
      CREATE TABLE identity.client_secrets (
        id uuid NOT NULL,
        principal_id uuid NOT NULL,
        display_name text NOT NULL,
        hash bytea NOT NULL,
        hint text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT client_secrets_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX client_secrets_principal_id_idx ON identity.client_secrets (principal_id)`);
    await runner.query(`
      CREATE TABLE identity.role_assignments (
        id uuid NOT NULL,
        principal_id uuid NOT NULL,
        role_definition_id uuid NOT NULL,
        scope text NOT NULL,
        scope_key text NOT NULL,
        description text NOT NULL,
        created_at timestamptz NOT NULL,
        created_by uuid,
        CONSTRAINT role_assignments_pkey PRIMARY KEY (id)
      )`);
    await runner.query(
      `CREATE UNIQUE INDEX role_assignments_principal_role_scope_key ON identity.role_assignments (principal_id, role_definition_id, scope_key)`,
    );
    await runner.query(`CREATE INDEX role_assignments_scope_key_idx ON identity.role_assignments (scope_key)`);
    await runner.query(`
      CREATE TABLE identity.installation (
        id smallint NOT NULL,
        tenant_id uuid NOT NULL,
        subscription_id uuid NOT NULL,
        principal_id uuid NOT NULL,
        client_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT installation_pkey PRIMARY KEY (id)
      )`);
  }

  down = noWayBack;
}
