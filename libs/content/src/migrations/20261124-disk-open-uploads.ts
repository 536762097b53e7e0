import type { MigrationInterface, QueryRunner } from 'typeorm';
import { noWayBack } from '#lib/platform';

/** What uploads under way hold is counted where what a registry holds is, whichever process changes them. */
export class ContentOpenUploads1764000430000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(count);
    await runner.query(triggers);
    await runner.query(index);
  }

  down = noWayBack;
}

// The last digit of an id is random: it names the shard, and every change of one session changes the same one.
const shard = (id: string) => `('x' || right(${id}::text, 1))::bit(4)::int::smallint`;

const count = `
  LOCK TABLE content.upload_sessions IN SHARE ROW EXCLUSIVE MODE;
  ALTER TABLE content.usage_shards ADD COLUMN open_bytes bigint NOT NULL DEFAULT 0;
  INSERT INTO content.usage_shards (registry_id, shard, bytes, open_bytes)
    SELECT registry_id, ${shard('id')}, 0, sum(received) FROM content.upload_sessions WHERE received > 0 GROUP BY 1, 2
    ON CONFLICT (registry_id, shard) DO UPDATE SET open_bytes = EXCLUDED.open_bytes;
`;

// A session without bytes fires none of them: the usual small push pays nothing.
const triggers = `
  CREATE FUNCTION content.count_open_upload() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' THEN
      UPDATE content.usage_shards SET open_bytes = open_bytes - OLD.received WHERE registry_id = OLD.registry_id AND shard = ${shard('OLD.id')};
    ELSE
      INSERT INTO content.usage_shards (registry_id, shard, bytes, open_bytes)
        VALUES (NEW.registry_id, ${shard('NEW.id')}, 0, NEW.received - CASE TG_OP WHEN 'UPDATE' THEN OLD.received ELSE 0 END)
        ON CONFLICT (registry_id, shard) DO UPDATE SET open_bytes = usage_shards.open_bytes + EXCLUDED.open_bytes;
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER count_begun AFTER INSERT ON content.upload_sessions
    FOR EACH ROW WHEN (NEW.received > 0) EXECUTE FUNCTION content.count_open_upload();
  CREATE TRIGGER count_grown AFTER UPDATE OF received ON content.upload_sessions
    FOR EACH ROW WHEN (NEW.received <> OLD.received) EXECUTE FUNCTION content.count_open_upload();
  CREATE TRIGGER count_ended AFTER DELETE ON content.upload_sessions
    FOR EACH ROW WHEN (OLD.received > 0) EXECUTE FUNCTION content.count_open_upload();
`;

// A principal that opens an upload has its own uploads counted.
const index = `
  DROP INDEX content.upload_sessions_registry;
  CREATE INDEX upload_sessions_principal ON content.upload_sessions (registry_id, principal_id);
`;
