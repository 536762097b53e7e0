import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** How a secret is hashed, and the failed sign-ins that processes tell each other of. */
export class SignIns1764100400000 implements MigrationInterface {
  readonly name = 'SignIns1764100400000';

  async up(runner: QueryRunner): Promise<void> {
    // The default is what processes from before write.
    await runner.query(`ALTER TABLE identity.client_secrets ADD COLUMN hash_kind text NOT NULL DEFAULT 'scrypt'`);
    // Unlogged: after a crash of Postgres it is empty, and every process counts from zero.
    await runner.query(`
      CREATE UNLOGGED TABLE identity.sign_in_failures (
        key text NOT NULL,
        failures integer NOT NULL,
        until timestamptz NOT NULL,
        CONSTRAINT sign_in_failures_pkey PRIMARY KEY (key)
      )`);
    await runner.query(`CREATE INDEX sign_in_failures_until_idx ON identity.sign_in_failures (until)`);
  }

  down = noWayBack;
}
