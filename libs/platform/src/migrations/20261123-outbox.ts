import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '../postgres/no-way-back.js';

export class Outbox1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE SCHEMA IF NOT EXISTS platform;
      CREATE TABLE platform.outbox (
        id             bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
        queue          text NOT NULL,
        job            text NOT NULL,
        key            text NOT NULL,
        payload        jsonb NOT NULL,
        correlation_id text,
        available_at   timestamptz NOT NULL DEFAULT now(),
        created_at     timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX outbox_due ON platform.outbox (available_at, id);
    `);
  }

  down = noWayBack;
}
